import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

type CopyButtonProps = { readonly text: string | (() => string); readonly label?: string; readonly look?: "plain" | "quiet" };

/** Puts a text on the clipboard and says so for a moment. */
export function CopyButton({ text, label = "Copy", look = "plain" }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "refused">();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), 2000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const value = typeof text === "string" ? text : text();
    setOutcome((await copyText(value)) ? "copied" : "refused");
  };
  const words = outcome === "copied" ? "Copied" : outcome === "refused" ? "Not allowed: select and copy" : label;
  return (
    <Button look={look} size="small" icon={outcome === "copied" ? "check" : "copy"} onClick={() => void copy()}>
      <span aria-live="polite">{words}</span>
    </Button>
  );
}

/** Browsers give the clipboard to secure pages only; others still know the old command. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}
