import { lazy, Suspense } from "react";
import type { Route } from "./routing/route.ts";
import { FailureBoundary } from "./shell/failure-boundary.tsx";

// What is not on the first page is loaded when it is gone to.
const JobsPage = lazy(async () => ({ default: (await import("./jobs/jobs-page.tsx")).JobsPage }));
const JobPage = lazy(async () => ({ default: (await import("./job/job-page.tsx")).JobPage }));
const ComparePage = lazy(async () => ({ default: (await import("./compare/compare-page.tsx")).ComparePage }));
const AdminPage = lazy(async () => ({ default: (await import("./admin/admin-page.tsx")).AdminPage }));

export function Pages({ route }: { readonly route: Exclude<Route, { page: "new" }> }) {
  return (
    <FailureBoundary key={route.page}>
      <Suspense fallback={null}>{pageOf(route)}</Suspense>
    </FailureBoundary>
  );
}

function pageOf(route: Exclude<Route, { page: "new" }>) {
  switch (route.page) {
    case "jobs":
      return <JobsPage />;
    case "job":
      return <JobPage key={route.id} id={route.id} tab={route.tab} />;
    case "compare":
      return <ComparePage query={route.query} />;
    case "admin":
      return <AdminPage tab={route.tab} />;
  }
}
