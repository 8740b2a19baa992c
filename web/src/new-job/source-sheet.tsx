import { useState } from "react";
import type { Estimate, Finding } from "../api/types.ts";
import { FrameImage } from "../jobs/thumbnail.tsx";
import { formatRoute } from "../routing/route.ts";
import { formatBytes, formatCount, formatDuration, formatRate, formatSize } from "../ui/format.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import styles from "./source-sheet.module.css";

type SourceSheetProps = { readonly uploadId: string; readonly estimate: Estimate };

/** What the file holds, and what its pictures look like. */
export function SourceSheet({ uploadId, estimate }: SourceSheetProps) {
  const { source, findings, demanding } = estimate;
  const middle = (demanding.start_seconds + demanding.duration_seconds / 2).toFixed(3);
  return (
    <section className={styles.sheet} aria-labelledby="source-name">
      <div className={styles.picture}>
        <FrameImage
          path={`/api/uploads/${uploadId}/frame?seconds=${middle}&format=jpeg&max_width=960`}
          alt="A picture from the most demanding scene"
        />
      </div>
      <div className={styles.words}>
        <div className={styles.head}>
          <h1 id="source-name">{source.file_name}</h1>
          <LinkButton size="small" look="quiet" icon="close" href={formatRoute({ page: "new", uploadId: undefined })}>
            Another video
          </LinkButton>
        </div>
        <dl className={`${styles.facts} numbers`}>
          <Fact name="Picture" value={`${formatSize(source.width, source.height)}${source.interlaced ? ", interlaced" : ""}`} />
          <Fact name="Rate" value={formatRate(source.frame_rate)} />
          <Fact name="Length" value={formatDuration(source.duration_seconds)} more={formatCount(source.frames, "frame")} />
          <Fact
            name="Codec"
            value={source.codec.toUpperCase()}
            more={`${source.bit_depth}-bit ${source.hdr === "sdr" ? "SDR" : source.hdr.toUpperCase()}`}
          />
          <Fact name="File" value={formatBytes(source.size_bytes)} more={rateWords(source.bits_per_second)} />
          <Fact name="Tracks" value={tracksOf(source)} />
        </dl>
        <Diagnosis findings={findings} />
      </div>
    </section>
  );
}

/** What was found in the pictures; the reasons are there for who wants them. */
function Diagnosis({ findings }: { readonly findings: readonly Finding[] }) {
  const [hasReasons, setHasReasons] = useState(false);
  return (
    <div className={styles.diagnosis}>
      <div className={styles.title}>
        <h2>Diagnosis</h2>
        <Button size="small" look="quiet" aria-pressed={hasReasons} onClick={() => setHasReasons(!hasReasons)}>
          {hasReasons ? "Hide reasons" : "Show reasons"}
        </Button>
      </div>
      <dl className={styles.findings} data-reasons={hasReasons}>
        {findings.map(({ topic, finding, reason }) => (
          <div key={topic + finding} title={hasReasons ? undefined : reason}>
            <dt>{topic}</dt>
            <dd>
              {finding}
              {hasReasons && <span>{reason}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Fact({ name, value, more }: { readonly name: string; readonly value: string; readonly more?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {more !== undefined && more !== "" && <span>{more}</span>}
      </dd>
    </div>
  );
}

function rateWords(bitsPerSecond: number | null): string {
  if (bitsPerSecond === null) return "";
  return bitsPerSecond >= 1e6 ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

function tracksOf({ audio_tracks: audio, subtitle_tracks: subtitles, chapters }: Estimate["source"]): string {
  const words = [
    audio === 0 ? "no sound" : `${audio} audio`,
    ...(subtitles === 0 ? [] : [formatCount(subtitles, "subtitle")]),
    ...(chapters === 0 ? [] : [formatCount(chapters, "chapter")]),
  ];
  return words.join(", ");
}
