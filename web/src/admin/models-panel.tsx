import { api } from "../api/endpoints.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Table } from "../ui/table.tsx";
import { LoadedPanel } from "./loaded-panel.tsx";

const count = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** The networks that this server works with. */
export function ModelsPanel() {
  const loaded = useLoaded(async (signal) => (await api.models(signal)).models, []);
  return (
    <LoadedPanel loaded={loaded}>
      {(models) => (
        <Table
          label="Models"
          rows={models}
          keyOf={({ id }) => id}
          empty="No networks were found. The installation is incomplete: run `npx upres doctor`."
          columns={[
            { name: "Network", cell: ({ id }) => <code>{id}</code> },
            { name: "Tier", cell: ({ tier }) => tier },
            { name: "Preset", cell: ({ preset }) => preset.replaceAll("_", " ") },
            { name: "Enlarges", isNumber: true, cell: ({ scale }) => (typeof scale === "number" ? `${scale}×` : "") },
            {
              name: "Parameters",
              isNumber: true,
              cell: ({ parameters }) => (typeof parameters === "number" ? count.format(parameters) : ""),
            },
            { name: "Licence", isSpare: true, cell: ({ licence }) => (typeof licence === "string" ? licence : "") },
          ]}
        />
      )}
    </LoadedPanel>
  );
}
