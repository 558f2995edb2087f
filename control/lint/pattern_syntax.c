#include "pattern_syntax.h"

#include "number.h"

_Static_assert(PATTERN_SYNTAX_REPEATS_MAX > NUMBER_BYTES_MAX, "more repeats than a number has characters");

#define NONE UINT16_MAX

struct reader {
	struct pattern_syntax *syntax;
	const char *at, *end;
	uint32_t depth;
	bool fold;	 /* (?i) */
	bool may_repeat; /* the atom that was read last is one that a quantifier can follow, for sure */
};

static uint16_t read_choice(struct reader *reader);

/* ---- sets ---- */

#define DIGITS UINT64_C(0x03ff000000000000)
const struct byte_set pattern_syntax_word = {{DIGITS, UINT64_C(0x07fffffe87fffffe), 0, 0}};
static const struct byte_set digits = {{DIGITS, 0, 0, 0}};
static const struct byte_set spaces = {{UINT64_C(0x0000000100003e00), 0, 0, 0}};

static void add(struct byte_set *set, uint8_t byte)
{
	set->word[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static void add_range(struct byte_set *set, uint8_t first, uint8_t last)
{
	for (unsigned byte = first; byte <= last; byte++)
		add(set, (uint8_t)byte);
}

static void add_all(struct byte_set *set, const struct byte_set *other)
{
	for (int i = 0; i < 4; i++)
		set->word[i] |= other->word[i];
}

static void invert(struct byte_set *set)
{
	for (int i = 0; i < 4; i++)
		set->word[i] = ~set->word[i];
}

static void add_other_case(struct byte_set *set)
{
	for (unsigned letter = 'a'; letter <= 'z'; letter++) {
		unsigned capital = letter - 'a' + 'A';
		if (byte_set_has(set, (uint8_t)letter) || byte_set_has(set, (uint8_t)capital)) {
			add(set, (uint8_t)letter);
			add(set, (uint8_t)capital);
		}
	}
}

/* ---- nodes ---- */

static uint16_t make(struct reader *reader, enum pattern_syntax_kind kind, uint16_t left, uint16_t right)
{
	struct pattern_syntax *syntax = reader->syntax;
	if (syntax->count == PATTERN_SYNTAX_NODES_MAX || left == NONE || right == NONE)
		return NONE;
	syntax->node[syntax->count] = (struct pattern_syntax_node){.kind = (uint8_t)kind, .left = left, .right = right};
	return syntax->count++;
}

static uint16_t make_set(struct reader *reader, const struct byte_set *set)
{
	uint16_t made = make(reader, PATTERN_SYNTAX_SET, 0, 0);
	if (made != NONE) {
		reader->syntax->node[made].set = *set;
		if (reader->fold)
			add_other_case(&reader->syntax->node[made].set);
	}
	return made;
}

static uint16_t make_byte(struct reader *reader, uint8_t byte)
{
	struct byte_set set = {0};
	add(&set, byte);
	return make_set(reader, &set);
}

/* ---- reading ---- */

static bool is_at(const struct reader *reader, const char *text)
{
	size_t length = strlen(text);
	return (size_t)(reader->end - reader->at) >= length && memcmp(reader->at, text, length) == 0;
}

static bool take(struct reader *reader, const char *text)
{
	if (!is_at(reader, text))
		return false;
	reader->at += strlen(text);
	return true;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_alphanumeric(char byte)
{
	char lower = span_lower_byte(byte);
	return is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

/* \d \D \w \W \s \S. Result: false when `letter` is none of them. */
static bool find_class_of_letter(struct byte_set *set, char letter)
{
	switch (letter) {
	case 'd':
	case 'D':
		*set = digits;
		break;
	case 'w':
	case 'W':
		*set = pattern_syntax_word;
		break;
	case 's':
	case 'S':
		*set = spaces;
		break;
	default:
		return false;
	}
	if (letter < 'a')
		invert(set);
	return true;
}

/* ---- classes ---- */

/* [:name:], behind its "[:". */
static bool read_posix(struct reader *reader, struct byte_set *set)
{
	static const struct {
		const char *name;
		const char *ranges; /* pairs: first and last */
	} rows[] = {{"digit:]", "09"}, {"alpha:]", "azAZ"},    {"alnum:]", "09azAZ"}, {"lower:]", "az"},
		    {"upper:]", "AZ"}, {"xdigit:]", "09afAF"}, {"word:]", "09azAZ__"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!take(reader, rows[i].name))
			continue;
		for (const char *range = rows[i].ranges; *range; range += 2)
			add_range(set, (uint8_t)range[0], (uint8_t)range[1]);
		return true;
	}
	return false;
}

/* One end of a range: a byte, or an escaped one that is no letter or digit. */
static bool read_class_byte(struct reader *reader, uint8_t *byte)
{
	if (reader->at == reader->end || is_at(reader, "[:") || is_at(reader, "[.") || is_at(reader, "[="))
		return false;
	if (take(reader, "\\") && (reader->at == reader->end || is_alphanumeric(*reader->at)))
		return false;
	*byte = (uint8_t)*reader->at++;
	return true;
}

static bool read_class_member(struct reader *reader, struct byte_set *set)
{
	struct byte_set known;
	uint8_t first, last;

	if (is_at(reader, "\\") && reader->end - reader->at > 1 && find_class_of_letter(&known, reader->at[1])) {
		reader->at += 2;
		add_all(set, &known);
		/* Whether a hyphen begins a range here is not worth knowing. */
		return !is_at(reader, "-") || is_at(reader, "-]");
	}
	if (take(reader, "[:"))
		return read_posix(reader, set) && (!is_at(reader, "-") || is_at(reader, "-]"));
	if (!read_class_byte(reader, &first))
		return false;
	last = first;
	if (is_at(reader, "-") && !is_at(reader, "-]")) {
		reader->at++;
		if (!read_class_byte(reader, &last) || last < first)
			return false;
	}
	add_range(set, first, last);
	return true;
}

/* Behind its "[". */
static uint16_t read_class(struct reader *reader)
{
	struct byte_set set = {0};
	bool inverted = take(reader, "^");
	bool is_first = true;

	while (is_first || !take(reader, "]")) {
		is_first = false;
		if (!read_class_member(reader, &set))
			return NONE;
	}
	if (reader->fold)
		add_other_case(&set);
	if (inverted)
		invert(&set);
	return make_set(reader, &set);
}

/* ---- atoms ---- */

static uint16_t make_edge(struct reader *reader, enum pattern_syntax_kind kind)
{
	reader->may_repeat = false;
	return make(reader, kind, 0, 0);
}

/* Behind its "\". */
static uint16_t read_escape(struct reader *reader)
{
	struct byte_set set;
	char letter = reader->at < reader->end ? *reader->at++ : 'Q';

	if (find_class_of_letter(&set, letter))
		return make_set(reader, &set);
	switch (letter) {
	case 'A':
		return make_edge(reader, PATTERN_SYNTAX_START);
	case 'z':
	case 'Z':
		return make_edge(reader, PATTERN_SYNTAX_END);
	case 'b':
		return make_edge(reader, PATTERN_SYNTAX_WORD_EDGE);
	case 'B':
		return make_edge(reader, PATTERN_SYNTAX_NO_WORD_EDGE);
	default:
		return is_alphanumeric(letter) ? NONE : make_byte(reader, (uint8_t)letter);
	}
}

/* Behind the "(?<" or the like of a named group, to the end of the name. */
static bool skip_name(struct reader *reader, char end)
{
	while (reader->at < reader->end && (is_alphanumeric(*reader->at) || *reader->at == '_'))
		reader->at++;
	return reader->at < reader->end && *reader->at++ == end;
}

/* Behind the "(?" of flags. Result: false when one of them would change more than the case. */
static bool read_flags(struct reader *reader)
{
	bool value = true;

	for (; reader->at < reader->end && *reader->at != ')' && *reader->at != ':'; reader->at++) {
		if (*reader->at == 'i')
			reader->fold = value;
		else if (*reader->at == '-' && value)
			value = false;
		else if (*reader->at != 'm' && *reader->at != 's' && *reader->at != 'U')
			return false;
	}
	return reader->at < reader->end;
}

/* Behind its "(": what introduces the group. *is_flag: it was flags alone, there is no group. Result: false: unknown.
 */
static bool read_group_head(struct reader *reader, bool *is_flag)
{
	*is_flag = false;
	if (is_at(reader, "*"))
		return false;
	if (!take(reader, "?") || take(reader, ":"))
		return true;
	if (take(reader, "P<") || (!is_at(reader, "<=") && !is_at(reader, "<!") && take(reader, "<")))
		return skip_name(reader, '>');
	if (take(reader, "'"))
		return skip_name(reader, '\'');
	if (!read_flags(reader))
		return false;
	*is_flag = *reader->at++ == ')';
	return true;
}

static uint16_t read_group(struct reader *reader)
{
	bool fold = reader->fold, is_flag;

	if (!read_group_head(reader, &is_flag) || reader->depth == PATTERN_SYNTAX_DEPTH_MAX)
		return NONE;
	if (is_flag)
		return make_edge(reader, PATTERN_SYNTAX_EMPTY);
	reader->depth++;
	uint16_t inner = read_choice(reader);
	reader->depth--;
	reader->fold = fold;
	reader->may_repeat = true;
	return take(reader, ")") ? inner : NONE;
}

static uint16_t read_atom(struct reader *reader)
{
	char byte = *reader->at++;

	reader->may_repeat = true;
	switch (byte) {
	case '(':
		return read_group(reader);
	case '[':
		return read_class(reader);
	case '\\':
		return read_escape(reader);
	case '.': {
		struct byte_set set = {{UINT64_MAX ^ (1 << '\n'), UINT64_MAX, UINT64_MAX, UINT64_MAX}};
		return make_set(reader, &set);
	}
	case '^':
		return make_edge(reader, PATTERN_SYNTAX_START);
	case '$':
		return make_edge(reader, PATTERN_SYNTAX_END);
	case '*':
	case '+':
	case '?':
		return NONE;
	default:
		return make_byte(reader, (uint8_t)byte);
	}
}

/* ---- quantifiers ---- */

static uint32_t read_count(struct reader *reader)
{
	uint32_t count = 0;
	while (reader->at < reader->end && is_digit(*reader->at)) {
		count = count * 10 + (uint32_t)(*reader->at++ - '0');
		if (count > PATTERN_SYNTAX_REPEATS_MAX)
			count = PATTERN_SYNTAX_REPEATS_MAX;
	}
	return count;
}

struct quantifier {
	bool is_there;
	bool is_known;
	uint8_t least, most;
};

/* "{2}", "{2,}", "{2,5}". Anything else between braces that could be one in another version is not known. */
static struct quantifier read_braces(struct reader *reader)
{
	struct quantifier quantifier = {.is_known = true};
	const char *start = reader->at, *at = reader->at + 1;

	while (at < reader->end && (is_digit(*at) || *at == ',' || *at == ' '))
		at++;
	if (at == start + 1 || at == reader->end || *at != '}')
		return quantifier; /* literal */
	quantifier.is_there = true;
	reader->at = start + 1;
	quantifier.is_known = is_digit(*reader->at);
	uint32_t least = read_count(reader), most = least;
	if (take(reader, ","))
		most = is_at(reader, "}") ? PATTERN_SYNTAX_REPEATS_MAX : read_count(reader);
	quantifier.is_known &= take(reader, "}") && most >= least;
	quantifier.least = (uint8_t)least;
	quantifier.most = most == PATTERN_SYNTAX_REPEATS_MAX ? PATTERN_SYNTAX_UNLIMITED : (uint8_t)most;
	return quantifier;
}

static struct quantifier read_quantifier(struct reader *reader)
{
	struct quantifier quantifier = {.is_there = true, .is_known = true, .most = PATTERN_SYNTAX_UNLIMITED};

	if (is_at(reader, "{"))
		return read_braces(reader);
	if (take(reader, "*"))
		return quantifier;
	if (take(reader, "+"))
		quantifier.least = 1;
	else if (take(reader, "?"))
		quantifier.most = 1;
	else
		quantifier.is_there = false;
	return quantifier;
}

static uint16_t read_repeated(struct reader *reader)
{
	uint16_t atom = read_atom(reader);
	struct quantifier quantifier = read_quantifier(reader);

	if (atom == NONE || !quantifier.is_there)
		return quantifier.is_known ? atom : NONE;
	/* Lazy or greedy, the same numbers match; a possessive one ("++") takes fewer. */
	take(reader, "?");
	const char *behind = reader->at;
	if (!quantifier.is_known || !reader->may_repeat || read_quantifier(reader).is_there || reader->at != behind)
		return NONE;
	uint16_t repeat = make(reader, PATTERN_SYNTAX_REPEAT, atom, 0);
	if (repeat != NONE) {
		reader->syntax->node[repeat].least = quantifier.least;
		reader->syntax->node[repeat].most = quantifier.most;
	}
	return repeat;
}

static uint16_t read_sequence(struct reader *reader)
{
	uint16_t whole = make(reader, PATTERN_SYNTAX_EMPTY, 0, 0);
	bool is_first = true;

	while (whole != NONE && reader->at < reader->end && !is_at(reader, "|") && !is_at(reader, ")")) {
		uint16_t next = read_repeated(reader);
		whole = is_first ? next : make(reader, PATTERN_SYNTAX_SEQUENCE, whole, next);
		is_first = false;
	}
	return whole;
}

static uint16_t read_choice(struct reader *reader)
{
	uint16_t whole = read_sequence(reader);
	while (whole != NONE && take(reader, "|"))
		whole = make(reader, PATTERN_SYNTAX_CHOICE, whole, read_sequence(reader));
	return whole;
}

bool pattern_syntax_parse(struct pattern_syntax *syntax, struct span pattern)
{
	struct reader reader = {.syntax = syntax, .at = pattern.at, .end = pattern.at + pattern.length};

	syntax->count = 0;
	syntax->root = read_choice(&reader);
	return syntax->root != NONE && reader.at == reader.end;
}
