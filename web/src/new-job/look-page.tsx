import { useState } from "react";
import { api, type Choices } from "../api/endpoints.ts";
import type { Estimate, Tier } from "../api/types.ts";
import { formatRoute } from "../routing/route.ts";
import { navigate } from "../routing/use-route.ts";
import { useApp } from "../state/app-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { ActionBar } from "./action-bar.tsx";
import { availableTier, onceKey, sizeOf, withSize } from "./choices.ts";
import { ChoicesForm } from "./choices-form.tsx";
import styles from "./look-page.module.css";
import { SourceSheet } from "./source-sheet.tsx";
import { TastePanel } from "./taste-panel.tsx";
import { TierCards } from "./tier-cards.tsx";
import { useTaste } from "./use-taste.ts";

/** What the video is, what is proposed for it, and what each tier would take. */
export function LookPage({ uploadId }: { readonly uploadId: string }) {
  const { jobs } = useApp();
  const [choices, setChoices] = useState<Choices>({});
  const [wantedTier, setWantedTier] = useState<Tier>("standard");
  const [starting, setStarting] = useState<"no" | "yes" | Error>("no");
  const [once, setOnce] = useState(onceKey);
  const {
    value: estimate,
    error,
    isLoading,
    reload,
  } = useLoaded(async (signal) => await api.estimate(uploadId, choices, signal), [uploadId, JSON.stringify(choices)]);
  const taste = useTaste(uploadId);

  const start = async (tier: Tier, seen: Estimate): Promise<void> => {
    setStarting("yes");
    try {
      // What was left to the server is said as it was shown.
      const said = { ...withSize(choices, sizeOf(choices, seen.source)), preset: seen.used_preset };
      const job = await api.submit(uploadId, tier, said, once);
      jobs.put(job);
      navigate({ page: "job", id: job.id, tab: "overview" });
    } catch (failure) {
      setStarting(failure instanceof Error ? failure : new Error(String(failure)));
      setOnce(onceKey());
    }
  };

  if (estimate === undefined) {
    return (
      <div className={styles.page}>
        {error === undefined ? (
          <LookingSkeleton />
        ) : (
          <Notice
            tone="bad"
            title="This video cannot be used"
            actions={
              <>
                <Button icon="retry" onClick={reload}>
                  Look again
                </Button>
                <LinkButton href={formatRoute({ page: "new", uploadId: undefined })}>Choose another video</LinkButton>
              </>
            }
          >
            {error.message}
          </Notice>
        )}
      </div>
    );
  }
  const tier = availableTier(estimate.tiers, wantedTier);
  return (
    <div className={styles.page} aria-busy={isLoading}>
      <SourceSheet uploadId={uploadId} estimate={estimate} />
      {error !== undefined && (
        <Notice
          tone="bad"
          title="That cannot be done with this video"
          actions={<Button onClick={() => setChoices({})}>Back to what is proposed</Button>}
        >
          {error.message}
        </Notice>
      )}
      <ChoicesForm estimate={estimate} choices={choices} onChange={setChoices} />
      <TierCards estimate={estimate} chosen={tier?.tier} isStale={isLoading} onChoose={setWantedTier} />
      <TastePanel taste={taste} estimate={estimate} chosen={tier?.tier} onChoose={setWantedTier} />
      {starting instanceof Error && (
        <Notice tone="bad" title="The job was not started">
          {starting.message}
        </Notice>
      )}
      <ActionBar
        tier={tier}
        isBusy={isLoading || starting === "yes"}
        tasteState={taste.state}
        onTaste={() => void taste.begin(choices)}
        onStart={() => tier !== undefined && void start(tier.tier, estimate)}
      />
    </div>
  );
}

function LookingSkeleton() {
  return (
    <div className={styles.skeleton} role="status">
      <span className={styles.block} aria-hidden="true" />
      <div>
        <h1>Looking at the video…</h1>
        <p>Probing its tracks, sampling pictures from start to end, and timing each tier on them.</p>
      </div>
    </div>
  );
}
