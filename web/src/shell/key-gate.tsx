import { type FormEvent, useState } from "react";
import { keepKey } from "../api/key.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./key-gate.module.css";
import { Shell } from "./shell.tsx";

/** Asks for a key, where the server does. */
export function KeyGate({ wasRefused }: { readonly wasRefused: boolean }) {
  const [key, setKey] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (key.trim() !== "") keepKey(key.trim());
  };
  return (
    <Shell>
      <form className={styles.gate} onSubmit={submit}>
        <h1>This server asks for a key</h1>
        <p>
          Keys are made where the server runs. Start it in a terminal and open the address that it prints, or make a key and paste
          it here.
        </p>
        <pre className={styles.command}>
          npx upres keys create --name me{"\n"}npx upres keys create --name me --admin # with the admin page
        </pre>
        {wasRefused && (
          <Notice tone="bad" title="The key was not taken">
            It is not valid here, or was revoked. Paste another one.
          </Notice>
        )}
        <label className={styles.field}>
          <span>Key</span>
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <Button type="submit" look="primary" icon="key" disabled={key.trim() === ""}>
          Use this key
        </Button>
        <p className={styles.small}>It stays in this browser and is sent to this server only.</p>
      </form>
    </Shell>
  );
}
