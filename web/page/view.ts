/** What the shell and its views know of each other. */
import type { DeviceInfo, Recognition } from "../engine/protocol.ts";
import type { ModelDescription } from "../../models/description.ts";
import type { Engine } from "./engine.ts";

/** What every view is given. */
export interface App {
  readonly engine: Engine;
  /** Fulfilled with the device that is open, or being opened. */
  device(): Promise<DeviceInfo>;
  /** The model's description; undefined where the page has none. */
  model(): Promise<ModelDescription | undefined>;
  /** What was heard last, and where its cursor is: Listen sets it, Inside looks into it. */
  heard?: { name: string; heard: Recognition; cursor: number };
  /** Says something for a while; a fault stays until it is put away. */
  say(message: string, kind?: "note" | "fault"): void;
  /** Puts away what was said. */
  quiet(): void;
  /** Says what went wrong, kindly; a lost device is replaced. */
  fail(error: unknown): void;
}

/** One view. */
export interface View {
  /** Of the address and of the navigation: "listen". */
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** Takes what was dropped on the page while it was shown; a view that takes nothing leaves it to Listen. @param place what it was dropped on */
  drop?(transfer: DataTransfer, place: Element | null): void;
  /** It is on the screen from now on. */
  shown?(): void;
  /** It is not. */
  hidden?(): void;
  /** The device is about to change; it is waited for. */
  deviceChanging?(): Promise<void> | void;
  /** The device has changed. */
  deviceChanged?(): void;
}
