// What the generators share: the metadata of libphonenumber-js, and which countries there are.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const core = require("libphonenumber-js/core");
export const metadata = require("libphonenumber-js/metadata.max.json");
export const mobileExamples = require("libphonenumber-js/examples.mobile.json");
export const { version } = require("libphonenumber-js/package.json");
export const { parsePhoneNumberFromString } = core;

// Territories of ISO 3166-1 without a numbering plan of their own dial as the plan that serves them.
const servedBy = { AQ: "NF", BV: "NO", GS: "FK", HM: "NF", PN: "NZ", TF: "RE", UM: "US" };

export const countryCodes = [...Object.keys(metadata.countries), ...Object.keys(servedBy)].sort();

export function servingPlan(code) {
	return servedBy[code] ?? code;
}

export function numberingPlan(code) {
	const all = new core.Metadata(metadata);
	all.selectNumberingPlan(servingPlan(code));
	return all.numberingPlan;
}
