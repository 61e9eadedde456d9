import type { World } from "./world.ts";

/* What a method of the mock is given and gives. */
export type Args = Record<string, unknown>;
export type Answer = Args | Answer[];
export interface MethodContext {
  readonly world: World;
  readonly userId: string;
  readonly admin: boolean;
  readonly accounts: readonly string[];
  readonly createdIds: Map<string, string>;
  /* An implicit further answer, such as the Email/set of onSuccessUpdateEmail. */
  readonly also: (name: string, args: Args) => void;
}
export type Method = (args: Args, context: MethodContext) => Args;

export class MockError extends Error {
  readonly type: string;
  readonly details: Args;
  constructor(type: string, description = type, details: Args = {}) {
    super(description);
    this.type = type;
    this.details = details;
  }
}
