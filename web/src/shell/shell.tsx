import { type ReactNode, useContext, useEffect, useRef } from "react";
import { keyInUse, keepKey } from "../api/key.ts";
import { formatRoute, type Route } from "../routing/route.ts";
import { AppContext, type AppParts, useJobs } from "../state/app-context.ts";
import { useTheme } from "../state/use-theme.ts";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import styles from "./shell.module.css";

type ShellProps = { readonly route?: Route; readonly children: ReactNode };

const titles = { new: "New job", jobs: "Jobs", job: "Job", compare: "Compare", admin: "Admin" } as const;

/** The bar at the top, the way between pages, and the page. */
export function Shell({ route, children }: ShellProps) {
  const { isDark, toggle } = useTheme();
  const parts = useContext(AppContext);
  const main = useRef<HTMLElement>(null);
  const page = route?.page;
  const seen = useRef(page);
  useEffect(() => {
    document.title = page === undefined ? "Upres" : `${titles[page]} · Upres`;
    if (seen.current !== page && page !== undefined) {
      main.current?.focus({ preventScroll: true }); // so that a screen reader begins at the new page
      scrollTo(0, 0);
    }
    seen.current = page;
  }, [page]);
  return (
    <>
      <a className={styles.skip} href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <header className={styles.bar}>
        <a className={styles.mark} href="#/" aria-label="Upres, first page">
          <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7" className={styles.markGround} />
            <path d="M8 8h5v11a3 3 0 0 0 6 0v-3h5v3a8 8 0 0 1-16 0z" className={styles.markShape} />
            <path d="M19 8h2.5v2.5H19zM21.5 10.5H24V13h-2.5z" className={styles.markShape} opacity="0.7" />
          </svg>
          <span>Upres</span>
        </a>
        {parts !== undefined && <Navigation route={route} isAdmin={parts.session.account.is_admin} />}
        <div className={styles.end}>
          {parts !== undefined && <LinkState parts={parts} />}
          <Button look="quiet" icon={isDark ? "sun" : "moon"} iconOnly onClick={toggle}>
            {isDark ? "Light colours" : "Dark colours"}
          </Button>
          {parts !== undefined && keyInUse() !== undefined && (
            <Button look="quiet" icon="key" iconOnly onClick={() => keepKey(undefined)}>
              Forget the key
            </Button>
          )}
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main} data-page={page}>
        {children}
      </main>
    </>
  );
}

function Navigation({ route, isAdmin }: { readonly route: Route | undefined; readonly isAdmin: boolean }) {
  const places: readonly { to: Route; text: string; icon: IconName; pages: readonly Route["page"][] }[] = [
    { to: { page: "new", uploadId: undefined }, text: "New job", icon: "add", pages: ["new"] },
    { to: { page: "jobs" }, text: "Jobs", icon: "jobs", pages: ["jobs", "job", "compare"] },
    ...(isAdmin ? [{ to: { page: "admin", tab: "keys" }, text: "Admin", icon: "gear", pages: ["admin"] } as const] : []),
  ];
  return (
    <nav className={styles.places} aria-label="Pages">
      {places.map(({ to, text, icon, pages }) => (
        <a
          key={text}
          href={formatRoute(to)}
          aria-current={route !== undefined && pages.includes(route.page) ? "page" : undefined}
        >
          <Icon name={icon} />
          {text}
        </a>
      ))}
      <a href="/api/docs" className={styles.docs}>
        <Icon name="code" />
        API
      </a>
    </nav>
  );
}

function LinkState({ parts }: { readonly parts: AppParts }) {
  const { link } = useJobs();
  const words = { live: "Live", connecting: "Connecting", offline: "Offline" } as const;
  const balance = parts.session.account.balance_micros;
  return (
    <>
      {balance !== null && <span className={`${styles.balance} numbers`}>${(Number(balance) / 1e6).toFixed(2)}</span>}
      <span
        className={styles.link}
        data-link={link}
        role="status"
        title={link === "offline" ? "The server does not answer" : words[link]}
      >
        <span className={styles.dot} aria-hidden="true" />
        <span className={styles.linkWord}>{words[link]}</span>
      </span>
    </>
  );
}
