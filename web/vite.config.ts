import { defineConfig } from "vite";

const server = process.env["UPRES_WEB_TARGET"] ?? "http://127.0.0.1:7878";

// Names are made from contents and nothing is stamped in, so that the same sources give the same bytes.
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { host: "127.0.0.1", proxy: { "/api": server, "/files": server } },
});
