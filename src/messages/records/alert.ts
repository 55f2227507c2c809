/** @module */
import { Schema } from "../../deps.ts";
import { AlertDescription, AlertLevel } from "../../names/alert.ts";

/** `struct { AlertLevel level; AlertDescription description; } Alert` (RFC 5246 §7.2). */
export class Alert extends Schema.TaggedClass<Alert>()("Alert", {
  level: AlertLevel,
  description: AlertDescription,
}) {}
