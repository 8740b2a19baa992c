import { Component, type ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./key-gate.module.css";

type FailureBoundaryProps = { readonly children: ReactNode };
type FailureBoundaryState = { readonly error: Error | undefined };

/** What is shown when a page breaks, or its part of the program is no longer there after an update of the server. */
export class FailureBoundary extends Component<FailureBoundaryProps, FailureBoundaryState> {
  override state: FailureBoundaryState = { error: undefined };

  static getDerivedStateFromError(error: unknown): FailureBoundaryState {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const isOutdated = /dynamically imported|module script/i.test(error.message);
    return (
      <div className={styles.gate}>
        <Notice
          tone="bad"
          title={isOutdated ? "This page could not be loaded" : "This page broke"}
          actions={
            <Button icon="retry" onClick={() => location.reload()}>
              Load it anew
            </Button>
          }
        >
          {isOutdated ? "The server was updated or cannot be reached. Loading the page anew helps." : error.message} Your jobs go
          on.
        </Notice>
      </div>
    );
  }
}
