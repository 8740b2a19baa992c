import type { Planned } from "../stage-plan.ts";
import { FilteredStage } from "./filtered.ts";

/** Breaks up steps in smooth areas with FFmpeg's `deband`: a sample takes the mean of four around it where all are within
 *  a limit.  8 and 10 bits. */
export function openDeband(stage: Planned<"deband">): FilteredStage {
  const threshold = ((1.5 + 2.5 * stage.strength) / 255).toFixed(5);
  return new FilteredStage(`deband=1thr=${threshold}:2thr=${threshold}:3thr=${threshold}:range=16:blur=1:coupling=0`);
}
