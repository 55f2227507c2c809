/** What an end is willing to speak: `modern`, `compatible`, `legacy`, or your own. @module */
export * from "../tables/policy.ts";
export * from "../tables/policy_option.ts";
export * from "../record/limits.ts";
