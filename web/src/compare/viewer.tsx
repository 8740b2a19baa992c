import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../api/types.ts";
import { formatRoute } from "../routing/route.ts";
import { rewriteAddress } from "../routing/use-route.ts";
import type { ScreenSize } from "../state/use-element-size.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { panesOf, scaleOf } from "./geometry.ts";
import type { Comparison } from "./job-feeds.ts";
import { Stage } from "./stage.tsx";
import { type Partner, Toolbar } from "./toolbar.tsx";
import { Transport } from "./transport.tsx";
import { useFrames } from "./use-frames.ts";
import { useHotkeys } from "./use-hotkeys.ts";
import { usePlayback } from "./use-playback.ts";
import { zoomedByStep } from "./use-stage-pointer.ts";
import { clamp, modes, readView, type View, writeView } from "./view.ts";
import styles from "./viewer.module.css";

type ViewerProps = {
  readonly comparison: Comparison;
  readonly names: readonly [string, string];
  readonly job: Job;
  readonly partner: string;
  readonly partners: readonly Partner[];
  readonly query: URLSearchParams;
  readonly onPartner: (value: string) => void;
};

/** Two videos in one player. The address always says what is in sight. */
export function Viewer({ comparison, names, job, partner, partners, query, onPartner }: ViewerProps) {
  const { first, second, timeline } = comparison;
  const last = timeline.frames - 1;
  const [view, setView] = useState<View>(() => inRange(readView(query), last));
  const [isFlipped, setIsFlipped] = useState(false);
  const [screen, setScreen] = useState<ScreenSize>({ width: 0, height: 0, ratio: 1 });
  const feeds = useMemo(() => [first, second], [first, second]);
  const setFrame = useCallback((frame: number) => setView((before) => ({ ...before, frame: clamp(frame, 0, last) })), [last]);
  const [isStarted, setIsStarted] = useState(false);
  const frames = useFrames(feeds, view.frame, { isPlaying: isStarted, count: timeline.frames });
  const playback = usePlayback({ feeds, timeline, frame: view.frame, setFrame, loadQuick: frames.loadQuick });
  useEffect(() => setIsStarted(playback.isPlaying), [playback.isPlaying]);
  useAddress(view, { job: job.id, partner, onChange: (found) => setView(inRange(found, last)) });

  const seek = (frame: number): void => {
    playback.pause();
    setFrame(frame);
  };
  const toggle = (): void => (playback.isPlaying ? playback.pause() : playback.play());
  const zoom = (how: "in" | "out" | "fit" | "pixels"): void =>
    setView((before) => {
      if (how === "fit") return { ...before, zoom: "fit" };
      if (how === "pixels") return { ...before, zoom: 1 };
      return zoomedByStep(before, how, screen, second.size);
    });
  const mode = (index: number) => (): void => setView((before) => ({ ...before, mode: modes[index] ?? "wipe" }));
  useHotkeys(
    {
      " ": toggle,
      ",": () => seek(view.frame - 1),
      ".": () => seek(view.frame + 1),
      f: () => setIsFlipped(true),
      "+": () => zoom("in"),
      "=": () => zoom("in"),
      "-": () => zoom("out"),
      "0": () => zoom("fit"),
      "1": mode(0),
      "2": mode(1),
      "3": mode(2),
      "4": mode(3),
    },
    { f: () => setIsFlipped(false) },
  );

  const [firstPicture, secondPicture] = playback.videos?.elements ?? frames.pictures(view.frame);
  const [pane] = panesOf(screen, view.mode === "side");
  const scale = screen.width === 0 ? 1 : scaleOf(view, pane, second.size);
  return (
    <section className={styles.viewer} aria-label={`Compare ${job.source.file_name}`} data-exact={frames.isExact(view.frame)}>
      <h1 className="visually-hidden">Compare {job.source.file_name}</h1>
      <Toolbar
        view={view}
        scale={scale}
        partner={partner}
        partners={partners}
        isFlipped={isFlipped}
        onMode={(chosen) => setView({ ...view, mode: chosen })}
        onZoom={zoom}
        onPartner={onPartner}
        onFlip={setIsFlipped}
      />
      <div className={styles.body}>
        <Stage
          first={firstPicture}
          second={secondPicture}
          names={names}
          sizes={[first.size, second.size]}
          view={view}
          isFlipped={isFlipped}
          onChange={setView}
          onResize={setScreen}
        />
        {frames.error === undefined && secondPicture === undefined && (
          <p className={styles.fetching} role="status">
            Fetching frame {view.frame + 1}…
          </p>
        )}
        {frames.error !== undefined && (
          <div className={styles.error}>
            <Notice
              tone="bad"
              title="This frame could not be shown"
              actions={<Button onClick={() => seek(view.frame)}>Close</Button>}
            >
              {frames.error.message}
            </Notice>
          </div>
        )}
      </div>
      <Transport
        timeline={timeline}
        frame={view.frame}
        isPlaying={playback.isPlaying}
        isExact={!playback.isPlaying && frames.isExact(view.frame)}
        onSeek={seek}
        onPlay={toggle}
      />
      <p className={styles.keys}>
        <a href={formatRoute({ page: "job", id: job.id, tab: "overview" })}>{job.source.file_name}</a>
        <span>
          <kbd>1</kbd>–<kbd>4</kbd> mode <kbd>F</kbd> hold to flip <kbd>,</kbd> <kbd>.</kbd> step <kbd>Space</kbd> play{" "}
          <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom
        </span>
      </p>
    </section>
  );
}

function inRange(view: View, last: number): View {
  return { ...view, frame: clamp(view.frame, 0, last) };
}

type AddressOptions = { readonly job: string; readonly partner: string; readonly onChange: (view: View) => void };

/** Writes the view into the address a moment after it came to rest, and follows an address that is typed or pasted. */
function useAddress(view: View, { job, partner, onChange }: AddressOptions): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      const query = new URLSearchParams({ job, with: partner });
      writeView(view, query);
      rewriteAddress({ page: "compare", query });
    }, 120);
    return () => clearTimeout(timer);
  }, [view, job, partner]);
  // One listener for as long as the page is there: one that an earlier listener's update replaces would miss the event.
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    const changed = (): void => {
      const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
      if (query.get("job") === job) latest.current(readView(query));
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [job]);
}
