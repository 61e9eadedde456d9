import { useSyncExternalStore } from "react";

/* Desktop notifications and their sound are chosen for this browser: it is the browser that has to be allowed. */
const KEYS = { notify: "postroom.notify", sound: "postroom.sound" } as const;
const listeners = new Set<() => void>();

export type Choice = keyof typeof KEYS;

export function isChosen(choice: Choice): boolean {
  return localStorage.getItem(KEYS[choice]) === "on";
}

export function choose(choice: Choice, on: boolean): void {
  if (on) localStorage.setItem(KEYS[choice], "on");
  else localStorage.removeItem(KEYS[choice]);
  for (const listener of listeners) listener();
}

export function useChosen(choice: Choice): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    addEventListener("storage", listener);
    return () => {
      listeners.delete(listener);
      removeEventListener("storage", listener);
    };
  }, () => isChosen(choice));
}

export type Permission = NotificationPermission | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" || !isSecureContext ? "unsupported" : Notification.permission;
}

/* Only upon a person's click. */
export async function askPermission(): Promise<Permission> {
  return permission() === "unsupported" ? "unsupported" : Notification.requestPermission();
}

export function maySound(): boolean {
  return isChosen("sound") && typeof AudioContext !== "undefined";
}

/* Two soft tones, made here: nothing is loaded. */
export function playSound(): void {
  if (!maySound()) return;
  const audio = new AudioContext();
  const gain = audio.createGain();
  gain.connect(audio.destination);
  gain.gain.setValueAtTime(0.0001, audio.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.12, audio.currentTime + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.45);
  for (const [pitch, at] of [[660, 0], [880, 0.12]] as const) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(gain);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.3);
  }
  setTimeout(() => void audio.close(), 1_000);
}
