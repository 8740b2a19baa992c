import { Button } from "../ui/button.tsx";
import { formatTime } from "../ui/format.ts";
import type { Timeline } from "./frame-feed.ts";
import styles from "./transport.module.css";

type TransportProps = {
  readonly timeline: Timeline;
  readonly frame: number;
  readonly isPlaying: boolean;
  readonly isExact: boolean;
  readonly onSeek: (frame: number) => void;
  readonly onPlay: () => void;
};

/** Play, step, and the whole length to seek in. */
export function Transport({ timeline, frame, isPlaying, isExact, onSeek, onPlay }: TransportProps) {
  const last = timeline.frames - 1;
  return (
    <div className={styles.transport} role="group" aria-label="Playback">
      <div className={styles.buttons}>
        <Button look="quiet" size="small" icon="previous" iconOnly disabled={frame <= 0} onClick={() => onSeek(frame - 1)}>
          Previous frame (,)
        </Button>
        <Button look="quiet" size="small" icon={isPlaying ? "pause" : "play"} iconOnly onClick={onPlay}>
          {isPlaying ? "Pause (space)" : "Play (space)"}
        </Button>
        <Button look="quiet" size="small" icon="next" iconOnly disabled={frame >= last} onClick={() => onSeek(frame + 1)}>
          Next frame (.)
        </Button>
      </div>
      <input
        className={styles.slider}
        type="range"
        min={0}
        max={last}
        step={1}
        value={frame}
        aria-label="Frame"
        aria-valuetext={`frame ${frame + 1} of ${timeline.frames}`}
        onChange={(event) => onSeek(Number(event.target.value))}
      />
      <output className={`${styles.place} numbers`}>
        <span>{formatTime(timeline.secondsOf(frame))}</span>
        <span className={styles.count}>
          {frame + 1} / {timeline.frames}
        </span>
        <span
          className={styles.exact}
          data-exact={isExact}
          title={isExact ? "Exact pixels of the file" : "A quick look; the exact pixels are coming"}
        >
          {isExact ? "exact" : "quick"}
        </span>
      </output>
    </div>
  );
}
