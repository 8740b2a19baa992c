import { useEffect, useRef, useState } from "react";
import type { Estimate, Job, Tier } from "../api/types.ts";
import type { FrameFeed } from "../compare/frame-feed.ts";
import { fetchPicture } from "../compare/job-feeds.ts";
import type { Size } from "../compare/geometry.ts";
import { firstView, type View } from "../compare/view.ts";
import { capitalised } from "../jobs/describe.ts";
import { Button } from "../ui/button.tsx";
import { formatTime } from "../ui/format.ts";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { TastePane } from "./taste-pane.tsx";
import styles from "./taste-panel.module.css";
import type { TasteFacts, TasteHandle } from "./use-taste.ts";

type TastePanelProps = {
  readonly taste: TasteHandle;
  readonly estimate: Estimate;
  readonly chosen: Tier | undefined;
  readonly onChoose: (tier: Tier) => void;
};

const zooms = ["Fit", "100 %", "200 %", "400 %"] as const;
type Zoom = (typeof zooms)[number];

/** The same moment in every tier, side by side. */
export function TastePanel({ taste, estimate, chosen, onChoose }: TastePanelProps) {
  const { state } = taste;
  const panel = useRef<HTMLElement>(null);
  const hasPanes = state.kind === "running";
  useEffect(() => {
    if (hasPanes) panel.current?.scrollIntoView({ block: "start" });
  }, [hasPanes]);
  if (state.kind === "none") return null;
  return (
    <section className={styles.panel} aria-labelledby="taste-title" ref={panel}>
      <div className={styles.head}>
        <h2 id="taste-title">Taste</h2>
        {state.kind === "running" && (
          <Button size="small" look="quiet" icon="close" onClick={taste.stop}>
            Stop tasting
          </Button>
        )}
      </div>
      {state.kind === "cutting" && <p role="status">Cutting out the most demanding two seconds…</p>}
      {state.kind === "refused" && (
        <Notice tone="bad" title="The taste was not made">
          {state.error.message}
        </Notice>
      )}
      {(state.kind === "running" || state.kind === "done") && (
        <Panes facts={state.facts} jobs={state.jobs} estimate={estimate} chosen={chosen} onChoose={onChoose} />
      )}
    </section>
  );
}

type PanesProps = Omit<TastePanelProps, "taste"> & { readonly facts: TasteFacts; readonly jobs: readonly Job[] };

function Panes({ facts, jobs, estimate, chosen, onChoose }: PanesProps) {
  const done = jobs.find(({ result }) => result !== null)?.result;
  const tier = estimate.tiers.find((candidate) => candidate.available);
  const output: Size = done ?? (tier?.available === true ? tier.output : estimate.source);
  const frames = done?.frames ?? Math.max(1, Math.round(facts.durationSeconds * estimate.source.frame_rate));
  const [view, setView] = useState<View>({ ...firstView, mode: "flip", frame: Math.floor(frames / 2) });
  const [original] = useState(() => excerptFeed(facts.excerptId, estimate.source));
  const zoom: Zoom = view.zoom === "fit" ? "Fit" : (zooms.find((name) => name === `${Number(view.zoom) * 100} %`) ?? "100 %");
  return (
    <>
      <p className={styles.where}>
        From {formatTime(facts.startSeconds)} to {formatTime(facts.startSeconds + facts.durationSeconds)}:{" "}
        {facts.reason ?? estimate.demanding.reason}
      </p>
      <div className={styles.panes}>
        <TastePane title="Original" feed={original} picture={output} view={view} onChange={setView} frames={frames} />
        {jobs.toSorted(byTier).map((job) => (
          <TastePane
            key={job.id}
            title={capitalised(job.request.tier)}
            job={job}
            picture={output}
            view={view}
            onChange={setView}
            frames={frames}
            isChosen={job.request.tier === chosen}
            onChoose={() => onChoose(job.request.tier)}
          />
        ))}
      </div>
      {facts.unavailable.length > 0 && (
        <p className={styles.where}>
          {facts.unavailable.map(({ tier: name, error }) => `${capitalised(name)}: ${error.message}`).join(" ")}
        </p>
      )}
      <div className={styles.controls}>
        <Segmented
          label="Zoom"
          value={zoom}
          options={zooms.map((name) => ({ value: name, label: name }))}
          onChange={(name) => setView({ ...view, zoom: name === "Fit" ? "fit" : Number.parseInt(name, 10) / 100 })}
        />
        <input
          type="range"
          min={0}
          max={frames - 1}
          value={Math.min(view.frame, frames - 1)}
          aria-label="Frame of the taste"
          onChange={(event) => setView({ ...view, frame: Number(event.target.value) })}
        />
        <output className="numbers">
          {Math.min(view.frame, frames - 1) + 1} / {frames}
        </output>
      </div>
    </>
  );
}

function byTier(a: Job, b: Job): number {
  const order: readonly Tier[] = ["fast", "standard", "pro"];
  return order.indexOf(a.request.tier) - order.indexOf(b.request.tier);
}

function excerptFeed(uploadId: string, size: Size): FrameFeed {
  return {
    key: uploadId,
    label: "Original",
    size: { width: size.width, height: size.height },
    fetchFrame: async (frame, _purpose, signal) =>
      await fetchPicture(`/api/uploads/${encodeURIComponent(uploadId)}/frame?index=${frame}`, signal),
    video: undefined,
  };
}
