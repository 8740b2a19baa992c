import { type FormEvent, useEffect, useRef, useState } from "react";
import { useApp } from "../state/app-context.ts";
import { Button } from "../ui/button.tsx";
import { formatBytes } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./drop-zone.module.css";

/** Takes a file by drop, choice or paste, or a video's address. Files may be dropped anywhere on the page. */
export function DropZone() {
  const { uploads, session } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const [url, setUrl] = useState("");
  const [problem, setProblem] = useState<string>();
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file === undefined) return;
    const { max_upload_bytes: most } = session.limits;
    if (file.size > most) {
      setProblem(
        `${file.name} has ${formatBytes(file.size)}; this server takes ${formatBytes(most)} at most. Cut it, or raise UPRES_MAX_UPLOAD_BYTES.`,
      );
      return;
    }
    setProblem(undefined);
    void uploads.send(file);
  };
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setIsOver(false);
      take(event.dataTransfer?.files);
    };
    const paste = (event: ClipboardEvent): void => {
      if ((event.clipboardData?.files.length ?? 0) > 0) take(event.clipboardData?.files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const address = URL.parse(url.trim());
    if (address === null || !/^https?:$/.test(address.protocol)) {
      setProblem("That is no address of a video. It begins with https:// or http://.");
      return;
    }
    void uploads.fetchUrl(address.href);
  };
  return (
    <div className={styles.zone} data-over={isOver}>
      <div className={styles.drop}>
        <span className={styles.sign}>
          <Icon name="upload" size={28} />
        </span>
        <p className={styles.call}>{isOver ? "Let go to upload it" : "Drop a video here"}</p>
        <Button look="primary" onClick={() => input.current?.click()}>
          Choose a file
        </Button>
        <input
          ref={input}
          className="visually-hidden"
          type="file"
          accept="video/*,.mkv,.ts,.mts,.m2ts,.mpg,.avi,.flv,.wmv,.3gp,.gif,.webm"
          tabIndex={-1}
          aria-label="Video file"
          onChange={(event) => {
            take(event.target.files);
            event.target.value = "";
          }}
        />
        <p className={styles.small}>MP4, MOV, MKV, WebM, AVI and more, up to {formatBytes(session.limits.max_upload_bytes)}</p>
      </div>
      <form className={styles.address} onSubmit={submit} noValidate>
        <label htmlFor="video-address">or an address</label>
        <input
          id="video-address"
          type="url"
          inputMode="url"
          placeholder="https://example.org/clip.mp4"
          value={url}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : "drop-problem"}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Button type="submit" disabled={url.trim() === ""}>
          Fetch it
        </Button>
      </form>
      {problem !== undefined && (
        <p className={styles.problem} id="drop-problem" role="alert">
          <Icon name="warn" /> {problem}
        </p>
      )}
    </div>
  );
}
