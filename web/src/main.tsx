import { createRoot } from "react-dom/client";
import { takeKeyFromAddress } from "./api/key.ts";
import { App } from "./app.tsx";
import { applyTheme } from "./state/use-theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";

applyTheme();
takeKeyFromAddress();
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
