// Adds the npm packages that the program ships to a CycloneDX document of its Go modules: its argument. They are those of package-lock.json
// that are needed neither for building alone ("dev") nor only at times ("optional": PostgreSQL for `make run`).
import { readFileSync, writeFileSync } from "node:fs";

const [, , path] = process.argv;
const sbom = JSON.parse(readFileSync(path, "utf8"));
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const program = sbom.metadata.component["bom-ref"];

for (const [place, { version, license, integrity, dev, optional }] of Object.entries(packages)) {
  if (place === "" || dev || optional) continue;
  const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const [algorithm, digest] = integrity.split("-");
  if (algorithm !== "sha512") throw new Error(`${name} has no SHA-512`);
  sbom.components.push({
    "bom-ref": purl, type: "library", name, version, scope: "required", purl,
    hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }],
    licenses: [{ license: { id: license } }],
  });
  sbom.dependencies.find((d) => d.ref === program).dependsOn.push(purl);
}
sbom.metadata.component.licenses = [{ license: { id: "MIT" } }];
// The same commit gives the same document.
sbom.metadata.timestamp = new Date(process.env.SOURCE_DATE_EPOCH * 1000).toISOString();
for (const tool of sbom.metadata.tools) delete tool.hashes;
writeFileSync(path, `${JSON.stringify(sbom, null, 2)}\n`);
