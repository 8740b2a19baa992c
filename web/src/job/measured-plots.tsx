import { useEffect, useState } from "react";
import { api } from "../api/endpoints.ts";
import { isAbort } from "../api/http.ts";
import type { Job } from "../api/types.ts";
import { LinePlot } from "../ui/line-plot.tsx";
import { type Moment, measureMoments } from "./measure.ts";
import styles from "./measured-plots.module.css";

const moments = 16;

/** Quality, brightness and flicker over the length, measured here on pairs of frames of original and result. */
export function MeasuredPlots({ job }: { readonly job: Job }) {
  const [found, setFound] = useState<readonly Moment[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const left = new AbortController();
    const measure = async (): Promise<void> => {
      const { source, result } = await api.view(job.id, left.signal);
      if (source === null || result === null) {
        setProblem("The original is no longer kept, so nothing can be measured over time.");
        return;
      }
      const secondsOf = (frame: number): number => (frame * result.duration_seconds) / result.frames;
      setFound([]);
      const options = { jobId: job.id, frames: result.frames, secondsOf, moments, signal: left.signal };
      for await (const moment of measureMoments(options)) setFound((before) => [...before, moment]);
    };
    measure().catch((error: unknown) => {
      if (!isAbort(error)) setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => left.abort();
  }, [job.id]);
  if (problem !== undefined && found.length === 0) return <p className={styles.note}>{problem}</p>;
  const until = job.result?.duration_seconds ?? 1;
  const line = (pick: (moment: Moment) => number): readonly (readonly [number, number])[] =>
    found.map((moment) => [moment.seconds, pick(moment)]);
  return (
    <div className={styles.plots} aria-busy={found.length < moments}>
      <LinePlot
        title="Consistency over time"
        unit="dB"
        until={until}
        least={20}
        lines={[{ name: "Result against source", points: line(({ psnr }) => psnr), look: "accent" }]}
      />
      <LinePlot
        title="Brightness"
        unit="of 255"
        until={until}
        lines={[
          { name: "Original", points: line(({ sourceLuma }) => sourceLuma), look: "soft" },
          { name: "Result", points: line(({ resultLuma }) => resultLuma), look: "accent" },
        ]}
      />
      <LinePlot
        title="Flicker"
        unit="brightness step to the next frame"
        until={until}
        least={0}
        lines={[
          { name: "Original", points: line(({ sourceStep }) => Math.abs(sourceStep)), look: "soft" },
          { name: "Result", points: line(({ resultStep }) => Math.abs(resultStep)), look: "accent" },
        ]}
      />
    </div>
  );
}
