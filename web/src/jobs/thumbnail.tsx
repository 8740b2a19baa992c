import { useEffect, useState } from "react";
import { request } from "../api/http.ts";
import type { Job } from "../api/types.ts";
import { withTurn } from "../compare/turns.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./thumbnail.module.css";

/** A picture of the middle of a result. */
export function Thumbnail({ job }: { readonly job: Job }) {
  const middle = job.result === null ? 0 : Math.floor(job.result.frames / 2);
  return <FrameImage path={`/api/jobs/${job.id}/frame?of=result&index=${middle}&format=jpeg&max_width=480`} />;
}

/** A still by an address that needs the key; a sign where there is none. */
export function FrameImage({ path, alt = "" }: { readonly path: string; readonly alt?: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const left = new AbortController();
    let made: string | undefined;
    const load = async (): Promise<void> => {
      const blob = await withTurn(async () => await (await request(path, { signal: left.signal })).blob(), left.signal);
      if (left.signal.aborted) return;
      made = URL.createObjectURL(blob);
      setUrl(made);
    };
    load().catch(() => undefined); // the sign stays
    return () => {
      left.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [path]);
  return <span className={styles.frame}>{url === undefined ? <Icon name="film" size={24} /> : <img src={url} alt={alt} />}</span>;
}
