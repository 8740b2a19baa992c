import type { VideoFrame } from "../../media/frame.ts";
import type { Plan } from "../plan.ts";
import { LumaEnhancer, type LumaNetwork } from "./enhance-luma.ts";
import { RgbEnhancer, type RgbNetwork } from "./enhance-rgb.ts";

/** A network that is ready to run, by what it works on. */
export type Network = ({ readonly kind: "luma" } & LumaNetwork) | ({ readonly kind: "rgb" } & RgbNetwork);

/** Brings prepared pictures to the plan's output size.  Owns: its resamplers. */
export class Enhancer implements Disposable {
  readonly #stage: LumaEnhancer | RgbEnhancer;

  constructor(plan: Plan, network: Network | undefined) {
    this.#stage = network?.kind === "rgb" ? new RgbEnhancer(plan, network) : new LumaEnhancer(plan, network);
  }

  /** Owns: takes the frame, returns a new one with its timestamps and colour tags. */
  enhance(frame: VideoFrame): Promise<VideoFrame> {
    return this.#stage.enhance(frame);
  }

  [Symbol.dispose](): void {
    this.#stage[Symbol.dispose]();
  }
}
