# `cargo metadata` of one target -> a CycloneDX 1.5 bill of materials of what is linked into the program or ran to build it.
# --arg checksums: Cargo.lock's "NAME VERSION SHA256" lines; --arg time: RFC 3339; --arg target: the triple.

def purl: "pkg:cargo/\(.name)@\(.version)";

# One SPDX expression; crates of old write "MIT/Apache-2.0" for "MIT OR Apache-2.0".
def licenses: if .license then [{expression: (.license | gsub("\\s*/\\s*"; " OR "))}] else [] end;

($checksums | split("\n") | map(select(. != "") | split(" ") | {key: "\(.[0])@\(.[1])", value: .[2]}) | from_entries) as $sha256
| .resolve.root as $root
| (.packages | map({key: .id, value: .}) | from_entries) as $packages
# What a node needs to be built, leaving out what only its tests need.
| (.resolve.nodes
	| map({key: .id, value: [.deps[] | select(any(.dep_kinds[]; .kind != "dev")) | .pkg]})
	| from_entries) as $needs
| def reach($seen; $next):
	if ($next | length) == 0 then $seen
	else ($seen + ($next | map({key: ., value: true}) | from_entries)) as $now
		| reach($now; [$next[] | $needs[.][]] | unique | map(select($now[.] | not)))
	end;
  (reach({}; [$root]) | keys) as $used
| {
	bomFormat: "CycloneDX",
	specVersion: "1.5",
	version: 1,
	metadata: {
		timestamp: $time,
		component: ($packages[$root] | {
			type: "application", "bom-ref": purl, name, version, purl: purl, licenses: licenses,
			properties: [{name: "cargo:target", value: $target}]
		})
	},
	components: [$used[] | select(. != $root) | $packages[.] | {
		type: "library", "bom-ref": purl, name, version, purl: purl, licenses: licenses
	} + ($sha256["\(.name)@\(.version)"] as $sum | if $sum then {hashes: [{alg: "SHA-256", content: $sum}]} else {} end)]
		| sort_by(.purl),
	dependencies: [$used[] | . as $id | {
		ref: ($packages[$id] | purl), dependsOn: ([$needs[$id][] | $packages[.] | purl] | unique)
	}] | sort_by(.ref)
}
