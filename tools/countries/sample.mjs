// Texts that a regular expression of the metadata takes: it has classes, groups, alternatives and bounded repeats.

// The same numbers in every run.
export function makeRandom(seed) {
	let state = BigInt(seed);
	return (limit) => {
		state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
		return Number((state >> 33n) % BigInt(limit));
	};
}

class Sampler {
	constructor(expression, random) {
		this.rest = expression;
		this.random = random;
	}

	take(token) {
		if (!this.rest.startsWith(token)) return false;
		this.rest = this.rest.slice(token.length);
		return true;
	}

	takeClass() {
		const end = this.rest.indexOf("]");
		const members = this.rest.slice(0, end).replaceAll("\\d", "0-9");
		this.rest = this.rest.slice(end + 1);
		const digits = [..."0123456789"].filter((digit) => new RegExp(`[${members}]`).test(digit));
		return () => digits[this.random(digits.length)];
	}

	takeAtom() {
		if (this.take("(?:") || this.take("(")) return this.takeAlternatives();
		if (this.take("[")) return this.takeClass();
		if (this.take("\\d")) return () => String(this.random(10));
		const digit = this.rest[0];
		if (!/[0-9]/.test(digit)) throw new Error(`cannot sample ${this.rest}`);
		this.rest = this.rest.slice(1);
		return () => digit;
	}

	takeRepeat(atom) {
		const bounds = /^\{(\d+)(?:,(\d+))?\}/.exec(this.rest);
		if (this.take("?")) return () => (this.random(2) ? atom() : "");
		if (!bounds) return atom;
		this.take(bounds[0]);
		const least = Number(bounds[1]);
		const most = Number(bounds[2] ?? bounds[1]);
		return () => Array.from({ length: least + this.random(most - least + 1) }, atom).join("");
	}

	takeAlternatives() {
		const branches = [];
		do {
			const parts = [];
			while (this.rest && this.rest[0] !== "|" && this.rest[0] !== ")") parts.push(this.takeRepeat(this.takeAtom()));
			branches.push(() => parts.map((part) => part()).join(""));
		} while (this.take("|"));
		this.take(")");
		return () => branches[this.random(branches.length)]();
	}
}

export function sampler(expression, random) {
	return new Sampler(expression, random).takeAlternatives();
}
