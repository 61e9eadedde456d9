import { useState } from "react";

/* How one open mail is shown; its menu changes it. */
export interface ViewState {
  readonly plain: boolean;
  readonly original: boolean;
  readonly images: boolean;
  readonly details: boolean;
}

export interface ViewControl extends ViewState {
  readonly change: (some: Partial<ViewState>) => void;
}

const AT_FIRST: ViewState = { plain: false, original: false, images: false, details: false };

export function useViewControl(): ViewControl {
  const [state, setState] = useState(AT_FIRST);
  return { ...state, change: (some) => setState((before) => ({ ...before, ...some })) };
}
