import type { DialectName, Estimate, Tier } from "../api/types.ts";
import { capitalised, dialectWords } from "../jobs/describe.ts";
import { classNames } from "../ui/class-names.ts";
import { formatBytes, formatDuration, formatMoney, formatSize } from "../ui/format.ts";
import { type AvailableTier, availableTier } from "./choices.ts";
import styles from "./tier-cards.module.css";

type TierCardsProps = {
  readonly estimate: Estimate;
  readonly chosen: Tier | undefined;
  /** Numbers of an earlier choice, while the new ones are worked out. */
  readonly isStale: boolean;
  readonly onChoose: (tier: Tier) => void;
};

export const tierWords: Readonly<Record<Tier, string>> = {
  fast: "Near real time, most of the gain",
  standard: "The best quality for its time",
  pro: "The largest network, the finest result",
};

export function TierCards({ estimate, chosen, isStale, onChoose }: TierCardsProps) {
  const shown = availableTier(estimate.tiers, chosen ?? "standard");
  return (
    <section className={styles.section} aria-labelledby="tiers-title">
      <div className={styles.head}>
        <h2 id="tiers-title">What it takes</h2>
        {estimate.queue.waiting + estimate.queue.running > 0 && (
          <p className="numbers">
            {estimate.queue.running} running and {estimate.queue.waiting} waiting before it
          </p>
        )}
      </div>
      <div className={classNames(styles.cards, isStale && styles.stale)} role="radiogroup" aria-label="Tier">
        {estimate.tiers.map((tier) => (
          <label key={tier.tier} className={styles.card}>
            <input
              type="radio"
              name="tier"
              checked={tier.tier === chosen}
              disabled={!tier.available}
              onChange={() => onChoose(tier.tier)}
            />
            <span className={styles.face}>
              <span className={styles.name}>{capitalised(tier.tier)}</span>
              <span className={styles.about}>{tier.available ? tierWords[tier.tier] : tier.error.message}</span>
              {tier.available && <Numbers tier={tier} />}
            </span>
          </label>
        ))}
      </div>
      {shown !== undefined && <More tier={shown} />}
    </section>
  );
}

function Numbers({ tier: { time, size, output, price_micros: price } }: { readonly tier: AvailableTier }) {
  return (
    <span className={`${styles.numbers} numbers`}>
      <span className={styles.time} title={time.about}>
        {formatDuration(time.seconds)}
        <small>
          {formatDuration(time.low_seconds)} to {formatDuration(time.high_seconds)}
        </small>
      </span>
      <span className={styles.lines}>
        <span>{formatSize(output.width, output.height)}</span>
        <span title={size.about}>about {formatBytes(size.bytes)}</span>
        <span>{formatMoney(price)}</span>
      </span>
    </span>
  );
}

function More({ tier }: { readonly tier: AvailableTier }) {
  const hosted = Object.entries(tier.hosted_price_micros) as [DialectName, string][];
  return (
    <details className={styles.more}>
      <summary>How {capitalised(tier.tier)} comes to these numbers</summary>
      <div className={styles.columns}>
        <dl>
          <div>
            <dt>Time</dt>
            <dd>{tier.time.about}</dd>
          </div>
          <div>
            <dt>File</dt>
            <dd>{tier.size.about}</dd>
          </div>
          <div>
            <dt>Price by the services' rules</dt>
            <dd className="numbers">
              {hosted.map(([name, micros]) => `${dialectWords[name]} ${formatMoney(micros)}`).join(" · ")}
            </dd>
          </div>
        </dl>
        <table className={styles.decisions}>
          <caption>Every decision, with its reason</caption>
          <tbody>
            {tier.decisions.map(({ topic, choice, reason }, index) => (
              <tr key={`${index} ${topic}`}>
                <th scope="row">{topic}</th>
                <td>
                  {choice}
                  <span>{reason}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
