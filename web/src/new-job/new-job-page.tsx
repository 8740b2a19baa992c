import { useEffect } from "react";
import { navigate } from "../routing/use-route.ts";
import { useApp, useUpload } from "../state/app-context.ts";
import { DropZone } from "./drop-zone.tsx";
import { LookPage } from "./look-page.tsx";
import styles from "./new-job-page.module.css";
import { RecentResults } from "./recent-results.tsx";
import { UploadCard } from "./upload-card.tsx";

/** From a video to a job: bring it here, look at it, taste, start. */
export function NewJobPage({ uploadId }: { readonly uploadId: string | undefined }) {
  const { uploads } = useApp();
  const upload = useUpload();
  useEffect(() => {
    if (upload.kind !== "there") return;
    uploads.taken();
    navigate({ page: "new", uploadId: upload.uploadId });
  }, [upload, uploads]);
  if (uploadId !== undefined && upload.kind === "none") return <LookPage key={uploadId} uploadId={uploadId} />;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1 className={styles.title}>See what your video could be.</h1>
        <p className={styles.lead}>
          Upres looks at it, proposes how to treat it, and says what it will take before anything runs. It all happens on this
          machine.
        </p>
      </div>
      {upload.kind === "none" || upload.kind === "there" ? <DropZone /> : <UploadCard upload={upload} />}
      <RecentResults />
    </div>
  );
}
