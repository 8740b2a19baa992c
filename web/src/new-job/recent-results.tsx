import { api } from "../api/endpoints.ts";
import type { Job } from "../api/types.ts";
import { Thumbnail } from "../jobs/thumbnail.tsx";
import { describeRequest } from "../jobs/describe.ts";
import { formatRoute } from "../routing/route.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import styles from "./recent-results.module.css";

const facts: readonly { icon: IconName; title: string; text: string }[] = [
  {
    icon: "compare",
    title: "Check every pixel",
    text: "Original and result in one player, frame by frame, down to single pixels. A link shows others the same view.",
  },
  {
    icon: "taste",
    title: "Taste before you wait",
    text: "Two seconds of the hardest scene in every tier, side by side, before the whole video is rendered.",
  },
  {
    icon: "code",
    title: "Keep your code",
    text: "The same job in the words of fal, Runware, Runway, useapi.net and WaveSpeed: change the base URL and the key.",
  },
];

/** The latest results; what this page is good for, while there are none. */
export function RecentResults() {
  const { value, error } = useLoaded(
    async (signal) => (await api.jobs({ limit: 4, states: ["succeeded"], tastes: "hide" }, signal)).jobs,
    [],
  );
  if (value === undefined || error !== undefined) return null;
  if (value.length === 0) {
    return (
      <ul className={styles.facts} aria-label="What you can do here">
        {facts.map(({ icon, title, text }) => (
          <li key={title}>
            <Icon name={icon} size={20} />
            <h2>{title}</h2>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <section className={styles.recent} aria-labelledby="recent-title">
      <h2 id="recent-title">Latest results</h2>
      <ul className={styles.results}>
        {value.map((job) => (
          <li key={job.id}>
            <a href={compareLink(job)}>
              <Thumbnail job={job} />
              <span className={styles.name}>{job.source.file_name}</span>
              <span className={`${styles.about} numbers`}>{describeRequest(job)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function compareLink({ id }: Job): string {
  return formatRoute({ page: "compare", query: new URLSearchParams({ job: id }) });
}
