const visibleFormats = "\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}"; // format characters that are
const pattern = new RegExp(`^(?:(?![${visibleFormats}])[\\s\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\u2800\\u{13441}\\u{13442}\\u{1d159}])*$`, "u");

/** Whether a text shows nothing, as the server sees it (IsBlank in models). */
export const isBlank = (text) => pattern.test(text);
