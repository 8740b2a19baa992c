import { useEffect, useRef } from "react";
import { useApp } from "../state/app-context.ts";
import type { UploadState } from "../state/upload-store.ts";
import { Button } from "../ui/button.tsx";
import { formatBytes, formatDuration } from "../ui/format.ts";
import { Meter } from "../ui/meter.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./upload-card.module.css";

type Underway = Exclude<UploadState, { kind: "none" | "there" }>;

/** A video on its way here. */
export function UploadCard({ upload }: { readonly upload: Underway }) {
  const { uploads } = useApp();
  if (upload.kind === "refused") {
    return (
      <Notice
        tone="bad"
        title={`${upload.what} was not taken`}
        actions={<Button onClick={uploads.discard}>Choose another video</Button>}
      >
        {upload.error.message}
      </Notice>
    );
  }
  if (upload.kind === "fetching") {
    return (
      <div className={styles.card}>
        <p className={styles.name}>Fetching {upload.url}</p>
        <div className={styles.endless} role="progressbar" aria-label="Fetching" />
        <div className={styles.row}>
          <p className={styles.facts}>The server downloads it, so that it can be looked at and compared.</p>
          <Button look="quiet" icon="close" onClick={uploads.discard}>
            Stop
          </Button>
        </div>
      </div>
    );
  }
  return <Sending upload={upload} />;
}

const tryAgainMs = 3000;

function Sending({ upload }: { readonly upload: Extract<Underway, { file: File }> }) {
  const { uploads } = useApp();
  const { file, sentBytes, bytesPerSecond, kind, error } = upload;
  const toggle = useRef<HTMLButtonElement>(null);
  useEffect(() => toggle.current?.focus(), []);
  useEffect(() => {
    if (kind !== "broken") return undefined;
    const again = (): void => void uploads.send(file);
    const timer = setTimeout(again, tryAgainMs);
    addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", again);
    };
  }, [kind, file, uploads]);
  const left = bytesPerSecond === undefined || bytesPerSecond === 0 ? undefined : (file.size - sentBytes) / bytesPerSecond;
  return (
    <div className={styles.card}>
      <p className={styles.name}>{file.name}</p>
      <Meter label={`Upload of ${file.name}`} value={sentBytes / file.size} tone={kind === "sending" ? "accent" : "idle"} />
      <div className={styles.row}>
        <p className={`${styles.facts} numbers`} role="status">
          {formatBytes(sentBytes)} of {formatBytes(file.size)}
          {kind === "sending" && bytesPerSecond !== undefined && ` · ${formatBytes(Math.round(bytesPerSecond))}/s`}
          {kind === "sending" && left !== undefined && left >= 1 && ` · ${formatDuration(Math.ceil(left))} left`}
          {kind === "paused" && " · paused; what was sent is kept, also when this page is closed"}
        </p>
        <span className={styles.actions}>
          {kind === "sending" ? (
            <Button ref={toggle} icon="pause" onClick={uploads.pause}>
              Pause
            </Button>
          ) : (
            <Button ref={toggle} look="primary" icon="play" onClick={() => void uploads.send(file)}>
              Go on
            </Button>
          )}
          <Button look="quiet" icon="close" onClick={uploads.discard}>
            Discard
          </Button>
        </span>
      </div>
      {error !== undefined && (
        <Notice tone="warn" title="The upload broke off">
          {error.message} It goes on from {formatBytes(sentBytes)} as soon as it can.
        </Notice>
      )}
    </div>
  );
}
