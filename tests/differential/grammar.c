#define PCRE2_CODE_UNIT_WIDTH 8
#include "grammar.h"

#include <pcre2.h>

#include "must.h"

/* PCRE2_EXTENDED: white space in here means nothing. */
#define RULES                                                                                                          \
	"(?(DEFINE)"                                                                                                   \
	"(?<LWS> (?>[\\ \\t]*\\r\\n)?+[\\ \\t]++ )"                                                                    \
	"(?<SWS> (?&LWS)? )"                                                                                           \
	"(?<token> [A-Za-z0-9\\-.!%*_+`'~]+ )"                                                                         \
	"(?<utf8> [\\xC0-\\xDF][\\x80-\\xBF] | [\\xE0-\\xEF][\\x80-\\xBF]{2} | [\\xF0-\\xF7][\\x80-\\xBF]{3} |"        \
	"         [\\xF8-\\xFB][\\x80-\\xBF]{4} | [\\xFC-\\xFD][\\x80-\\xBF]{5} )"                                     \
	"(?<quoted> \" (?: (?&LWS) | [\\x21\\x23-\\x5B\\x5D-\\x7E] | (?&utf8) | "                                      \
	"\\\\[\\x00-\\x09\\x0B\\x0C\\x0E-\\x7F] )* \" )"                                                               \
	"(?<escaped> %[0-9A-Fa-f]{2} )"                                                                                \
	"(?<unreserved> [A-Za-z0-9\\-_.!~*'()] )"                                                                      \
	"(?<user> (?: (?&unreserved) | (?&escaped) | [&=+$,;?/] )+ )"                                                  \
	"(?<password> (?: (?&unreserved) | (?&escaped) | [&=+$,] )* )"                                                 \
	"(?<name> (?: [A-Za-z0-9](?:[A-Za-z0-9\\-]*[A-Za-z0-9])? \\. )* [A-Za-z](?:[A-Za-z0-9\\-]*[A-Za-z0-9])? \\.? " \
	")"                                                                                                            \
	"(?<ipv4> \\d{1,3} (?: \\.\\d{1,3} ){3} )"                                                                     \
	"(?<h16> [0-9A-Fa-f]{1,4} )"                                                                                   \
	"(?<ls32> (?&h16):(?&h16) | (?&octet)(?:\\.(?&octet)){3} )"                                                    \
	"(?<octet> 25[0-5] | 2[0-4]\\d | 1\\d\\d | [1-9]\\d | \\d )"                                                   \
	"(?<ipv6> (?:(?&h16):){6}(?&ls32) | ::(?:(?&h16):){5}(?&ls32) | (?&h16)?::(?:(?&h16):){4}(?&ls32) |"           \
	"         (?:(?:(?&h16):){0,1}(?&h16))?::(?:(?&h16):){3}(?&ls32) |"                                            \
	"         (?:(?:(?&h16):){0,2}(?&h16))?::(?:(?&h16):){2}(?&ls32) |"                                            \
	"         (?:(?:(?&h16):){0,3}(?&h16))?::(?&h16):(?&ls32) | (?:(?:(?&h16):){0,4}(?&h16))?::(?&ls32) |"         \
	"         (?:(?:(?&h16):){0,5}(?&h16))?::(?&h16) | (?:(?:(?&h16):){0,6}(?&h16))?:: )"                          \
	"(?<host> (?&name) | (?&ipv4) | \\[(?&ipv6)\\] )"                                                              \
	"(?<pchar> [\\[\\]/:&+$] | (?&unreserved) | (?&escaped) )"                                                     \
	"(?<hchar> [\\[\\]/?:+$] | (?&unreserved) | (?&escaped) )"                                                     \
	"(?<sipuri> (?i:sips?): (?: (?&user)(?: :(?&password) )? @ )? (?&host) (?: :\\d+ )?"                           \
	"           (?: ;(?&pchar)+(?: =(?&pchar)+ )? )*"                                                              \
	"           (?: \\? (?&hchar)+=(?&hchar)* (?: & (?&hchar)+=(?&hchar)* )* )? )"                                 \
	"(?<uri> (?&sipuri) | (?! (?i:sips?): ) [A-Za-z][A-Za-z0-9+\\-.]*:"                                            \
	"        (?: [;/?:@&=+$,] | (?&unreserved) | (?&escaped) )+ )"                                                 \
	"(?<value> (?&token) | (?&host) | (?&quoted) )"                                                                \
	"(?<parameter> (?&token) (?: (?&SWS) = (?&SWS) (?&value) )? )"                                                 \
	"(?<received> (?i:received) (?&SWS) = (?&SWS) (?: (?&ipv4) | (?&ipv6) ) )"                                     \
	"(?<via> (?&token)(?&SWS)/(?&SWS)(?&token)(?&SWS)/(?&SWS)(?&token)(?&LWS)(?&host)"                             \
	"        (?: (?&SWS) : (?&SWS) \\d+ )? (?: (?&SWS) ; (?&SWS) (?: (?&received) | (?&parameter) ) )* )"          \
	"(?<display> (?&quoted) (?&SWS) | (?: (?&token) (?&LWS) )* (?&token)? )"                                       \
	"(?<address> (?: (?&display)? (?&SWS) < (?&uri) > | (?&bare) )"                                                \
	"            (?: (?&SWS) ; (?&SWS) (?&parameter) )* )"                                                         \
	"(?<bare> (?i:sips?): (?: (?: (?&unreserved) | (?&escaped) | [&=+$/] )+ (?: :(?&plainpassword) )? @ )?"        \
	"         (?&host) (?: :\\d+ )? | (?! (?i:sips?): ) [A-Za-z][A-Za-z0-9+\\-.]*:"                                \
	"         (?: [/:@&=+$] | (?&unreserved) | (?&escaped) )+ )"                                                   \
	"(?<plainpassword> (?: (?&unreserved) | (?&escaped) | [&=+$] )* )"                                             \
	"(?<field> (?&token) (?&SWS) = (?&SWS) (?: (?&quoted) | (?&token) ) )"                                         \
	"(?<credentials> (?i:Digest) (?&LWS) (?&field) (?: (?&SWS) , (?&SWS) (?&field) )* )"                           \
	")"

static const char *const entries[ITEM_COUNT] = {
	[ITEM_URI] = RULES "\\A (?&uri) \\z",
	[ITEM_VIA] = RULES "\\A (?&via) (?&SWS) \\z",
	[ITEM_ADDRESS] = RULES "\\A (?&address) (?&SWS) \\z",
	[ITEM_CREDENTIALS] = RULES "\\A (?&credentials) (?&SWS) \\z",
};

static pcre2_code *codes[ITEM_COUNT];
static pcre2_match_data *match;

void grammar_build(void)
{
	match = pcre2_match_data_create(1, NULL);
	must(match);
	for (int i = 0; i < ITEM_COUNT; i++) {
		int error;
		PCRE2_SIZE offset;
		if (!entries[i])
			continue;
		codes[i] = pcre2_compile((PCRE2_SPTR)entries[i], PCRE2_ZERO_TERMINATED, PCRE2_EXTENDED, &error, &offset,
					 NULL);
		if (!codes[i])
			must_fail(entries[i] + offset);
	}
}

void grammar_free(void)
{
	for (int i = 0; i < ITEM_COUNT; i++)
		pcre2_code_free(codes[i]);
	pcre2_match_data_free(match);
}

bool grammar_accepts(enum item item, struct span text)
{
	if (!codes[item])
		return false;
	int result = pcre2_match(codes[item], (PCRE2_SPTR)text.at, text.length, 0, 0, match, NULL);
	must(result >= 0 || result == PCRE2_ERROR_NOMATCH);
	return result >= 0;
}
