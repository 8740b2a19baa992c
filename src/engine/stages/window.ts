import type { VideoFrame } from "../../media/frame.ts";
import type { StageContext } from "./stage.ts";

/** Frames in order with the one that is to be made; at the ends of the video there are fewer around it. */
export type FrameWindow = { readonly frames: readonly VideoFrame[]; readonly centre: number };

/** Makes each frame from the ones around it.  Owns: takes each frame; `make` borrows the window and gives something new. */
export async function* throughWindow<Made>(
  frames: AsyncIterable<VideoFrame>,
  context: StageContext,
  make: (window: FrameWindow) => Made | Promise<Made>,
): AsyncGenerator<Made> {
  const held: VideoFrame[] = [];
  let centre = 0;
  try {
    for await (const frame of frames) {
      held.push(frame);
      if (held.length <= centre + context.after) continue;
      yield await make({ frames: held, centre });
      centre = advance(held, centre, context.before);
    }
    while (centre < held.length) {
      yield await make({ frames: held, centre });
      centre = advance(held, centre, context.before);
    }
  } finally {
    for (const frame of held) frame[Symbol.dispose]();
  }
}

/** Lets go of what no later window holds; returns where the next centre is. */
function advance(held: VideoFrame[], centre: number, before: number): number {
  const next = centre + 1;
  if (next <= before) return next;
  held.shift()?.[Symbol.dispose]();
  return next - 1;
}
