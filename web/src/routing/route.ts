export type Route =
  | { readonly page: "new"; readonly uploadId: string | undefined }
  | { readonly page: "jobs" }
  | { readonly page: "job"; readonly id: string; readonly tab: JobTab }
  | { readonly page: "compare"; readonly query: URLSearchParams }
  | { readonly page: "admin"; readonly tab: AdminTab };

export const jobTabs = ["overview", "report", "code", "logs"] as const;
export type JobTab = (typeof jobTabs)[number];
export const adminTabs = ["keys", "queue", "deliveries", "models"] as const;
export type AdminTab = (typeof adminTabs)[number];

/** Reads what stands behind the # of the address; what is not known leads to the first page. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, first, second] = path.split("/").map(decode);
  switch (page) {
    case "jobs":
      return first === undefined || first === ""
        ? { page: "jobs" }
        : { page: "job", id: first, tab: jobTabs.find((tab) => tab === second) ?? "overview" };
    case "compare":
      return { page: "compare", query: new URLSearchParams(query) };
    case "admin":
      return { page: "admin", tab: adminTabs.find((tab) => tab === first) ?? "keys" };
    default:
      return { page: "new", uploadId: page === "new" && first !== "" ? first : undefined };
  }
}

export function formatRoute(route: Route): string {
  switch (route.page) {
    case "new":
      return route.uploadId === undefined ? "#/" : `#/new/${encodeURIComponent(route.uploadId)}`;
    case "jobs":
      return "#/jobs";
    case "job":
      return `#/jobs/${encodeURIComponent(route.id)}${route.tab === "overview" ? "" : `/${route.tab}`}`;
    case "compare":
      return `#/compare?${route.query.toString()}`;
    case "admin":
      return `#/admin/${route.tab}`;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
