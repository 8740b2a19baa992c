import type { ComponentProps } from "react";
import styles from "./button.module.css";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";

type Look = {
  readonly look?: "primary" | "plain" | "quiet" | "danger";
  readonly size?: "small" | "medium";
  readonly icon?: IconName;
  /** Shows the icon alone; the children are read out. */
  readonly iconOnly?: boolean;
};

function content({ icon, iconOnly = false, children }: Look & { readonly children?: React.ReactNode }) {
  return (
    <>
      {icon !== undefined && <Icon name={icon} />}
      {iconOnly ? <span className="visually-hidden">{children}</span> : children}
    </>
  );
}

function classOf({ look = "plain", size = "medium", iconOnly = false }: Look, extra: string | undefined): string {
  return classNames(styles.button, styles[look], styles[size], iconOnly && styles.iconOnly, extra);
}

export function Button(props: Look & ComponentProps<"button">) {
  const { look: _look, size: _size, icon, iconOnly, className, children, type = "button", ...rest } = props;
  const title = iconOnly === true && typeof children === "string" ? children : undefined;
  return (
    <button type={type} title={title} className={classOf(props, className)} {...rest}>
      {content({ ...(icon !== undefined && { icon }), iconOnly: iconOnly === true, children })}
    </button>
  );
}

export function LinkButton(props: Look & ComponentProps<"a">) {
  const { look: _look, size: _size, icon, iconOnly, className, children, ...rest } = props;
  const title = iconOnly === true && typeof children === "string" ? children : undefined;
  return (
    <a title={title} className={classOf(props, className)} {...rest}>
      {content({ ...(icon !== undefined && { icon }), iconOnly: iconOnly === true, children })}
    </a>
  );
}
