import type { Plane, VideoFrame } from "../../media/frame.ts";
import type { Plan } from "../plan.ts";
import { BackProjector } from "./back-project.ts";
import { LumaEnhancer, type LumaNetwork } from "./enhance-luma.ts";
import { RgbEnhancer, type RgbNetwork } from "./enhance-rgb.ts";
import type { FactLog } from "./stage.ts";

/** A network that is ready to run, by what it works on. */
export type Network = ({ readonly kind: "luma" } & LumaNetwork) | ({ readonly kind: "rgb" } & RgbNetwork);

/** Brings prepared pictures to the plan's output size.  Owns: its resamplers. */
export class Enhancer implements Disposable {
  readonly #stage: LumaEnhancer | RgbEnhancer;
  readonly #projector: BackProjector | undefined;

  constructor(plan: Plan, network: Network | undefined) {
    using opening = new DisposableStack();
    this.#stage = opening.use(network?.kind === "rgb" ? new RgbEnhancer(plan, network) : new LumaEnhancer(plan, network));
    const { boundDb } = plan.fidelity;
    const sizes = { source: plan.source.uprightSize, output: plan.outputSize };
    this.#projector = boundDb === undefined ? undefined : new BackProjector({ ...sizes, bitDepth: plan.work.bitDepth, boundDb });
    opening.move();
  }

  /** How near the enhanced pictures are to the ones they were made of; undefined where the plan holds them to nothing. */
  get fidelityFacts(): FactLog | undefined {
    return this.#projector?.facts;
  }

  /** `neighbours`: the luma planes that a network of several frames sees after the frame's own (`Surrounder`).
   *  Owns: takes the frame, returns a new one with its timestamps and colour tags. */
  async enhance(frame: VideoFrame, neighbours: readonly Plane[] = []): Promise<VideoFrame> {
    if (this.#projector === undefined) return await this.#enlarge(frame, neighbours);
    using source = frame.share();
    const output = await this.#enlarge(frame, neighbours);
    try {
      await this.#projector.hold(source, output);
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  #enlarge(frame: VideoFrame, neighbours: readonly Plane[]): Promise<VideoFrame> {
    return this.#stage instanceof LumaEnhancer ? this.#stage.enhance(frame, neighbours) : this.#stage.enhance(frame);
  }

  [Symbol.dispose](): void {
    this.#stage[Symbol.dispose]();
    this.#projector?.[Symbol.dispose]();
  }
}
