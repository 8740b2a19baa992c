import { useLayoutEffect, useMemo, useRef } from "react";
import type { Job } from "../api/types.ts";
import type { FrameFeed } from "../compare/frame-feed.ts";
import type { Size } from "../compare/geometry.ts";
import { fetchPicture } from "../compare/job-feeds.ts";
import { paint } from "../compare/paint.ts";
import { useFrames } from "../compare/use-frames.ts";
import { useStagePointer } from "../compare/use-stage-pointer.ts";
import type { View } from "../compare/view.ts";
import { formatRoute } from "../routing/route.ts";
import { useElementSize } from "../state/use-element-size.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { formatDuration } from "../ui/format.ts";
import { Meter } from "../ui/meter.tsx";
import styles from "./taste-pane.module.css";

type TastePaneProps = {
  readonly title: string;
  /** What is shown: a video that is there, or a job's result once it is. */
  readonly feed?: FrameFeed;
  readonly job?: Job;
  readonly picture: Size;
  readonly view: View;
  readonly frames: number;
  readonly onChange: (view: View) => void;
  readonly isChosen?: boolean;
  readonly onChoose?: () => void;
};

export function TastePane({ title, feed, job, picture, view, frames, onChange, isChosen = false, onChoose }: TastePaneProps) {
  const resultId = job?.result === null ? undefined : job?.id;
  const { width, height } = picture;
  const feeds = useMemo(() => {
    if (feed !== undefined) return [feed];
    return resultId === undefined ? [] : [resultFeed(resultId, { width, height })];
  }, [feed, resultId, width, height]);
  return (
    <figure className={styles.pane} data-chosen={isChosen}>
      {feeds.length > 0 ? (
        <Canvas feeds={feeds} picture={picture} view={view} frames={frames} onChange={onChange} label={title} />
      ) : (
        <div className={styles.waiting} style={{ aspectRatio: shapeOf(picture) }}>
          {job !== undefined && <Waiting job={job} />}
        </div>
      )}
      <figcaption className={styles.caption}>
        <strong>{title}</strong>
        {job?.result !== undefined && job.result !== null && (
          <span className={styles.actions}>
            <LinkButton
              size="small"
              look="quiet"
              icon="compare"
              href={formatRoute({ page: "compare", query: new URLSearchParams({ job: job.id }) })}
            >
              Compare
            </LinkButton>
            {onChoose !== undefined && (
              <Button size="small" {...(isChosen && { icon: "check" as const })} aria-pressed={isChosen} onClick={onChoose}>
                {isChosen ? "Chosen" : "Choose"}
              </Button>
            )}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function Waiting({ job }: { readonly job: Job }) {
  if (job.state === "failed") return <p role="alert">{job.error?.message ?? "It failed."}</p>;
  if (job.state === "cancelled") return <p>Stopped.</p>;
  const words = job.state === "queued" ? "Waits for its turn" : `${Math.round(job.progress * 100)} %`;
  return (
    <>
      <p className="numbers">
        {words}
        {job.seconds_left !== null && `, ${formatDuration(job.seconds_left)} left`}
      </p>
      <Meter label={`Taste in ${job.request.tier}`} value={job.progress} />
    </>
  );
}

type CanvasProps = Pick<TastePaneProps, "picture" | "view" | "frames" | "onChange"> & {
  readonly feeds: readonly FrameFeed[];
  readonly label: string;
};

function Canvas({ feeds, picture, view, frames, onChange, label }: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const screen = useElementSize(box);
  const pointer = useStagePointer({ element: box, screen, picture, view, onChange });
  const frame = Math.min(view.frame, frames - 1);
  const found = useFrames(feeds, frame, { isPlaying: false, count: frames });
  useLayoutEffect(() => {
    const { current } = canvas;
    const context = current?.getContext("2d", { alpha: false });
    if (current === null || context === null || context === undefined || screen.width === 0) return;
    if (current.width !== screen.width) current.width = screen.width;
    if (current.height !== screen.height) current.height = screen.height;
    const [second] = found.pictures(frame);
    paint(context, screen, { first: undefined, second, picture, view, isFlipped: false });
  });
  const isThere = found.pictures(frame)[0] !== undefined;
  return (
    <div
      className={styles.stage}
      ref={box}
      data-zoomed={view.zoom !== "fit"}
      style={{ aspectRatio: shapeOf(picture) }}
      {...pointer}
    >
      <canvas ref={canvas} role="img" aria-label={`${label}, frame ${frame + 1}`} />
      {found.error === undefined && !isThere && <p className={styles.fetching}>Fetching the frame…</p>}
      {found.error !== undefined && <p className={styles.error}>{found.error.message}</p>}
    </div>
  );
}

/** The picture's own shape, as far as it fits beside others. */
function shapeOf({ width, height }: Size): string {
  return `${Math.max(width / height, 0.8).toFixed(4)}`;
}

function resultFeed(jobId: string, size: Size): FrameFeed {
  return {
    key: jobId,
    label: "Result",
    size,
    fetchFrame: async (frame, _purpose, signal) =>
      await fetchPicture(`/api/jobs/${encodeURIComponent(jobId)}/frame?of=result&index=${frame}`, signal),
    video: undefined,
  };
}
