#define PCRE2_CODE_UNIT_WIDTH 8
#include "differences.h"

#include <pcre2.h>
#include <stdlib.h>

#include "grammar.h"
#include "must.h"

#define ROWS_MAX 128

/* Rules of patterns; PCRE2_EXTENDED: white space in them means nothing. HEAD is a place within the headers. */
#define NAME(names) "^(?i:" names ")[\\ \\t]*:"
#define HEAD	    "(?m) \\A (?s: (?: (?!\\r?\\n\\r?\\n) . )*? )"
#define OVER_UINT32                                                                                                    \
	"0* (?: \\d{11,} | [5-9]\\d{9} | 4[3-9]\\d{8} | 429[5-9]\\d{6} | 42949[7-9]\\d{4} | 429496[89]\\d{3} |"        \
	" 4294967[3-9]\\d\\d | 429496729[6-9] )"
#define LWS	     "(?: [\\ \\t] | \\r?\\n (?= [\\ \\t] ) )*+ "
#define VALUE	     "(?: [^\\r\\n] | \\r?\\n [\\ \\t] )*"
#define VALUE_END    "[\\ \\t]* \\r? $ (?! \\n [\\ \\t] )"
#define HEAD_REST    "(?s: (?: (?!\\r?\\n\\r?\\n) . )*? )"
#define TWICE(names) NAME(names) HEAD_REST NAME(names)
#define OVER_UINT16  "0* (?: 6553[6-9] | 655[4-9]\\d | 65[6-9]\\d\\d | 6[6-9]\\d{3} | [7-9]\\d{4} | [1-9]\\d{5,} )"
#define TOKEN_BYTES  "A-Za-z0-9\\-.!%*_+`'~"
#define FIELD(name)  "(?= .* (?<! [" TOKEN_BYTES "] )(?i:" name ")\\s*= )"
#define OTHER_SCHEME "(?! (?i:sips?): ) [A-Za-z][A-Za-z0-9+.\\-]*:"

#define AMITY_REFUSES DIFFERENCE_AMITY_REFUSES
#define OSIP_REFUSES  DIFFERENCE_OSIP_REFUSES

/* clang-format off */
const struct difference differences[] = {
	/* Parts. What is outside the grammar may be refused; what is inside may not, but where rows say why. */
	{ITEM_URI, AMITY_REFUSES, "outside the grammar", "RFC 3261 25.1", OUTSIDE_GRAMMAR, NULL},
	{ITEM_URI, AMITY_REFUSES, "a port that no UDP has", "RFC 768", IN_GRAMMAR, ":(?: 0+ |" OVER_UINT16 ") (?: [;?] | \\z )"},
	{ITEM_URI, OSIP_REFUSES, "libosip2 refuses what the grammar allows", "RFC 3261 25.1", IN_GRAMMAR, NULL},
	{ITEM_URI, OSIP_REFUSES, "another scheme: what follows is opaque to us", "RFC 3261 16.3", OUTSIDE_GRAMMAR, "\\A" OTHER_SCHEME},
	{ITEM_URI, OSIP_REFUSES, "libosip2 wants a password behind the colon", "RFC 3261 25.1", OUTSIDE_GRAMMAR, ":@"},
	{ITEM_URI, NULL, "libosip2 ends at an escaped NUL", "RFC 4475 3.1.1.4", ANY_INPUT, "%00"},
	{ITEM_VIA, AMITY_REFUSES, "outside the grammar", "RFC 3261 25.1", OUTSIDE_GRAMMAR, NULL},
	{ITEM_VIA, AMITY_REFUSES, "a port that no UDP has", "RFC 768", IN_GRAMMAR, ":\\s* (?: 0+ |" OVER_UINT16 ") \\s* (?: ; | \\z )"},
	{ITEM_VIA, AMITY_REFUSES, "another protocol than SIP", "RFC 3261 20.42", IN_GRAMMAR, "\\A (?! (?i:SIP) [\\s/] )"},
	{ITEM_VIA, OSIP_REFUSES, "libosip2 refuses what the grammar allows", "RFC 3261 25.1", IN_GRAMMAR, NULL},
	{ITEM_VIA, OSIP_REFUSES, "host and values: more than the grammar has, as peers send", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\\t"},
	{ITEM_VIA, OSIP_REFUSES, "values: more than a token, as peers send", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "= [^;,\"]* [(@:?/\\[\\]\\x80-\\xff]"},
	{ITEM_VIA, OSIP_REFUSES, "a CR alone: the message is refused for it", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\\r (?! \\n )"},
	{ITEM_VIA, NULL, "libosip2 knows SP alone as LWS", "RFC 3261 25.1", ANY_INPUT, "\\t"},
	{ITEM_VIA, NULL, "a CR alone: the message is refused for it", "RFC 3261 25.1", ANY_INPUT, "\\r (?! \\n )"},
	{ITEM_VIA, "branch", "branch twice: the last one", "RFC 3261 7.3.1", ANY_INPUT, "(?i) ;\\s*branch \\b .* ;\\s*branch \\b"},
	{ITEM_VIA, "branch", "values: more than a token, as peers send", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "= [^;,\"]* [(@:?/\\[\\]\\x80-\\xff]"},
	{ITEM_ADDRESS, AMITY_REFUSES, "outside the grammar", "RFC 3261 25.1", OUTSIDE_GRAMMAR, NULL},
	{ITEM_ADDRESS, AMITY_REFUSES, "a port that no UDP has", "RFC 768", IN_GRAMMAR, ":(?: 0+ |" OVER_UINT16 ") (?: [;?>\\s] | \\z )"},
	{ITEM_ADDRESS, OSIP_REFUSES, "libosip2 refuses what the grammar allows", "RFC 3261 25.1", IN_GRAMMAR, NULL},
	{ITEM_ADDRESS, OSIP_REFUSES, "another scheme: what follows is opaque to us", "RFC 3261 16.3", OUTSIDE_GRAMMAR, "(?: < | \\A )" OTHER_SCHEME},
	{ITEM_ADDRESS, OSIP_REFUSES, "UTF-8 in a display name without quotes, as peers send", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\\A [^\"<]* [\\x80-\\xff] [^\"<]* <"},
	{ITEM_ADDRESS, OSIP_REFUSES, "libosip2 knows SP alone as LWS", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\\t"},
	{ITEM_ADDRESS, OSIP_REFUSES, "libosip2 wants a password behind the colon", "RFC 3261 25.1", OUTSIDE_GRAMMAR, ":@"},
	{ITEM_ADDRESS, OSIP_REFUSES, "control characters in quotes", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\" [^\"]* [\\x00-\\x08\\x0b-\\x1f\\x7f]"},
	{ITEM_ADDRESS, OSIP_REFUSES, "a CR alone: the message is refused for it", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "\\r (?! \\n )"},
	{ITEM_ADDRESS, OSIP_REFUSES, "values: more than a token, as peers send", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "= [^;,\"]* [(@:?/\\[\\]\\x80-\\xff]"},
	{ITEM_ADDRESS, OSIP_REFUSES, "a host without letters", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "(?: @ | (?i:sips?): ) [\\d.\\-]+ (?: [>:;] | \\z )"},
	{ITEM_ADDRESS, OSIP_REFUSES, "_ in a host, as real ones have", "RFC 3261 25.1", OUTSIDE_GRAMMAR, "(?: @ | (?i:sips?): ) [A-Za-z0-9.\\-]* _ [A-Za-z0-9._\\-]* (?: [>:;] | \\z )"},
	{ITEM_ADDRESS, NULL, "libosip2 ends at a NUL", "RFC 3261 25.1", ANY_INPUT, "\\x00"},
	{ITEM_ADDRESS, NULL, "libosip2 knows SP alone as LWS", "RFC 3261 25.1", ANY_INPUT, "\\t"},
	{ITEM_ADDRESS, NULL, "libosip2 ends at an escaped NUL", "RFC 4475 3.1.1.4", ANY_INPUT, "%00"},
	{ITEM_ADDRESS, "tag", "tag twice: the first with a value", "RFC 3261 7.3.1", ANY_INPUT, "(?i) ;\\s*tag \\b .* ;\\s*tag \\b"},
	{ITEM_CREDENTIALS, AMITY_REFUSES, "outside the grammar", "RFC 3261 25.1", OUTSIDE_GRAMMAR, NULL},
	{ITEM_CREDENTIALS, AMITY_REFUSES, "a field is missing without which nothing can be checked", "RFC 7616 3.4", IN_GRAMMAR,
	 "\\A (?!" FIELD("username") FIELD("realm") FIELD("nonce") FIELD("uri") FIELD("response") ")"},
	{ITEM_CREDENTIALS, AMITY_REFUSES, "qop without cnonce or nc", "RFC 7616 3.4", IN_GRAMMAR, "\\A" FIELD("qop") "(?!" FIELD("cnonce") FIELD("nc") ")"},
	{ITEM_CREDENTIALS, AMITY_REFUSES, "nc is not eight hexadecimal digits", "RFC 7616 3.4", IN_GRAMMAR, "[\\s,](?i:nc)\\s*=\\s*+ (?! [0-9A-Fa-f]{8} (?: [\\s,] | \\z ) )"},
	{ITEM_CREDENTIALS, AMITY_REFUSES, "a field twice", "RFC 3261 7.3.1", IN_GRAMMAR, "(?i) [\\s,](username|realm|nonce|uri|response|cnonce|qop|nc|opaque|algorithm)\\s*= .* [\\s,]\\1\\s*="},
	{ITEM_CREDENTIALS, OSIP_REFUSES, "libosip2 ends at a NUL", "RFC 3261 25.1", ANY_INPUT, "\\x00"},
	{ITEM_CREDENTIALS, OSIP_REFUSES, "libosip2 knows SP alone as LWS", "RFC 3261 25.1", ANY_INPUT, "\\t"},
	{ITEM_CREDENTIALS, OSIP_REFUSES, "a CR alone: the message is refused for it", "RFC 3261 25.1", ANY_INPUT, "\\r (?! \\n )"},
	{ITEM_CREDENTIALS, NULL, "libosip2 knows SP alone as LWS", "RFC 3261 25.1", ANY_INPUT, "\\t"},
	{ITEM_CREDENTIALS, NULL, "libosip2 takes a name that begins with nc or qop for it", "RFC 7616 3.4", ANY_INPUT, "[\\s,] (?i:nc|qop) [" TOKEN_BYTES "]+ \\s*="},
	{ITEM_CREDENTIALS, NULL, "libosip2 wants quotes", "RFC 7616 3.4", ANY_INPUT, "(?i: username | realm | nonce | uri | response ) \\s*=\\s* [^\"\\s]"},
	{ITEM_CREDENTIALS, OSIP_REFUSES, "libosip2 wants quotes", "RFC 7616 3.4", ANY_INPUT, "(?i: username | realm | nonce | uri | response | opaque ) \\s*=\\s* [^\"\\s]"},
	{ITEM_CREDENTIALS, NULL, "libosip2 loses a value of one character at the end", "RFC 7616 3.4", ANY_INPUT, "=\\s* [^\"\\s,] \\z"},
	{ITEM_CREDENTIALS, NULL, "a CR alone: the message is refused for it", "RFC 3261 25.1", ANY_INPUT, "\\r (?! \\n )"},
	{ITEM_SDP, AMITY_REFUSES, "the first line is not v=0", "RFC 4566 5.1", ANY_INPUT, "\\A v= (?! 0\\r?\\n )"},
	{ITEM_SDP, AMITY_REFUSES, "a port that is none", "RFC 4566 5.14", ANY_INPUT, "(?m) ^m= (?! [^\\ \\r\\n]+\\ +\\d+ (?: /\\d+ )? \\  ) | (?m) ^m=[^\\ ]+\\ +" OVER_UINT16 "[\\ /]"},
	{ITEM_SDP, AMITY_REFUSES, "fewer than four words in m=", "RFC 4566 5.14", ANY_INPUT, "(?m) ^m= (?! [^\\ \\r\\n]+\\ +[^\\ \\r\\n]+\\ +[^\\ \\r\\n]+\\ +[^\\ \\r\\n] )"},
	{ITEM_SDP, NULL, "a line that is none: libosip2 stops there", "RFC 4566 5", ANY_INPUT, "\\n (?! [a-z]= | \\z )"},
	{ITEM_SDP, NULL, "a CR alone or a NUL ends a line, or all, for libosip2", "RFC 4566 5", ANY_INPUT, "\\r (?! \\n ) | \\x00"},
	{ITEM_SDP, NULL, "white space that is no single SP in m=", "RFC 4566 5.14", ANY_INPUT, "(?m) ^m= [^\\r\\n]* (?: \\t | \\ \\  )"},
	{ITEM_SDP, OSIP_REFUSES, "lines that only endpoints need are missing", "RFC 4566 5", ANY_INPUT,
	 "\\A (?! v=0\\r?\\n o=[^\\r\\n]+\\r?\\n s= [^\\r\\n]*\\r?\\n (?s:.*) ^t=\\d )"},

	/* Messages. */
	{ITEM_MESSAGE, AMITY_REFUSES, "a status that is none", "RFC 3261 7.2, RFC 4475 3.1.2.19", ANY_INPUT, "(?i)\\ASIP/2\\.0\\ (?! [1-6]\\d\\d (?: \\  | \\r?\\n ) )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "another version", "RFC 3261 7.1, RFC 4475 3.1.2.16", ANY_INPUT, "\\A [^\\ ]+\\ [^\\ ]+\\ (?i:SIP/) (?! 2\\.0\\r?\\n )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "a request line that has not three words", "RFC 3261 7.1", ANY_INPUT,
	 "\\A (?! (?i:SIP/2\\.0) ) (?! [^\\ \\r\\n]+\\ [^\\ \\r\\n]+\\ [^\\ \\r\\n]+\\r?\\n )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "angle brackets or controls in the Request-URI", "RFC 3261 25.1, RFC 4475 3.1.2.7", ANY_INPUT, "\\A [^\\ \\r\\n]+\\ [^\\ \\r\\n]* [<>\\x00-\\x1f]"},
	{ITEM_MESSAGE, AMITY_REFUSES, "white space or controls in Call-ID", "RFC 3261 25.1", ANY_INPUT,
	 HEAD NAME("call-id|i") "(?:" LWS "\\S+ (?: [\\ \\t] | \\r?\\n[\\ \\t] )+ [^\\s] |" VALUE "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f] )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "a header line without a valid name", "RFC 3261 7.3", ANY_INPUT, HEAD "\\n (?! [\\ \\t\\r\\n] ) (?! [" TOKEN_BYTES "]+[\\ \\t]*: )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "CSeq is no number and method", "RFC 3261 20.16", ANY_INPUT, HEAD NAME("cseq") LWS "(?! \\d+\\s+ [" TOKEN_BYTES "]+" VALUE_END ")"},
	{ITEM_MESSAGE, AMITY_REFUSES, "CSeq names another method", "RFC 3261 8.1.1.5, RFC 4475 3.1.2.17", ANY_INPUT,
	 "(?m) \\A ([^\\ ]+)\\  (?s:.*?)" NAME("cseq") LWS "\\d+ \\s+ (?! \\1" VALUE_END ")"},
	{ITEM_MESSAGE, AMITY_REFUSES, "CSeq over 2**32 - 1", "RFC 3261 8.1.1.5, RFC 4475 3.1.2.4", ANY_INPUT, HEAD NAME("cseq") LWS OVER_UINT32 "\\s"},
	{ITEM_MESSAGE, AMITY_REFUSES, "Content-Length is no number", "RFC 3261 20.14, RFC 4475 3.1.2.3", ANY_INPUT, HEAD NAME("content-length|l") LWS "(?! \\d+" VALUE_END ")"},
	{ITEM_MESSAGE, AMITY_REFUSES, "Content-Length over any datagram", "RFC 3261 18.3", ANY_INPUT, HEAD NAME("content-length|l") LWS "0*+ \\d{6,}"},
	{ITEM_MESSAGE, AMITY_REFUSES, "Content-Length over what is there", "RFC 3261 18.3", OVER_DATAGRAM, NULL},
	{ITEM_MESSAGE, AMITY_REFUSES, "a header twice that stands once", "RFC 3261 7.3.1", ANY_INPUT,
	 HEAD "(?:" TWICE("max-forwards") "|" TWICE("call-id|i") "|" TWICE("cseq") "|" TWICE("from|f") "|" TWICE("to|t") ")"},
	{ITEM_MESSAGE, AMITY_REFUSES, "a CR alone in a header line", "RFC 3261 25.1", ANY_INPUT, HEAD "\\r (?! \\n )"},
	{ITEM_MESSAGE, AMITY_REFUSES, "Max-Forwards is no number", "RFC 3261 20.22", ANY_INPUT, HEAD NAME("max-forwards") LWS "(?! \\d+" VALUE_END ")"},
	{ITEM_MESSAGE, OSIP_REFUSES, "libosip2 takes multipart apart", "RFC 3261 7.4", ANY_INPUT, HEAD NAME("content-type|c") LWS "(?i:multipart/)"},
	{ITEM_MESSAGE, OSIP_REFUSES, "Content-Type twice: it is the endpoint's concern", "RFC 3261 7.3.1", ANY_INPUT, HEAD NAME("content-type|c") HEAD_REST NAME("content-type|c")},
	{ITEM_MESSAGE, OSIP_REFUSES, "a fold of white space alone", "RFC 3261 25.1", ANY_INPUT, HEAD "\\n [\\ \\t]+ \\r?\\n"},
	{ITEM_MESSAGE, OSIP_REFUSES, "a Contact of another scheme", "RFC 3261 20.10", ANY_INPUT, HEAD NAME("contact|m") VALUE "<" OTHER_SCHEME},
	{ITEM_MESSAGE, OSIP_REFUSES, "libosip2 ends at a NUL", "RFC 3261 25.1", ANY_INPUT, HEAD "\\x00"},
	{ITEM_MESSAGE, OSIP_REFUSES, "Content-Type is no type: it is the endpoint's concern", "RFC 3261 20.15", ANY_INPUT,
	 HEAD NAME("content-type|c") LWS "(?! [" TOKEN_BYTES "]+ [\\ \\t]* / [\\ \\t]* [" TOKEN_BYTES "]+ (?:" VALUE_END "| [\\ \\t]* ; ) )"},
	{ITEM_MESSAGE, OSIP_REFUSES, "a Call-ID that starts with @", "RFC 3261 25.1", ANY_INPUT, HEAD NAME("call-id|i") LWS "@"},
	{ITEM_MESSAGE, OSIP_REFUSES, "libosip2 knows SP alone before the method of CSeq", "RFC 3261 25.1", ANY_INPUT, HEAD NAME("cseq") LWS "\\d+ [^\\r\\nA-Za-z]* \\t"},
	{ITEM_MESSAGE, OSIP_REFUSES, "SIP-Version has no case", "RFC 3261 7.1", ANY_INPUT, "\\A (?! SIP/2\\.0 ) (?i:SIP/2\\.0\\ )"},
	{ITEM_MESSAGE, "body length", "libosip2 has no body without Content-Type", "RFC 3261 7.4", ANY_INPUT, "(?m) \\A (?!" "(?s: (?: (?!\\r?\\n\\r?\\n) . )*? )" NAME("content-type|c") ")"},
	{ITEM_MESSAGE, "body length", "libosip2 takes multipart apart", "RFC 3261 7.4", ANY_INPUT, HEAD NAME("content-type|c") LWS "(?i:multipart/)"},
	{ITEM_MESSAGE, "body length", "libosip2 has no body when Content-Type is empty", "RFC 3261 20.15", ANY_INPUT, HEAD NAME("content-type|c") "[\\ \\t]* \\r? $"},
	{ITEM_MESSAGE, NULL, "libosip2 drops a Route of another scheme", "RFC 3261 20.34", ANY_INPUT, HEAD NAME("route|record-route") VALUE "<" OTHER_SCHEME},
};
/* clang-format on */

const uint32_t difference_count = sizeof(differences) / sizeof(differences[0]);

#define REQUEST(headers)                                                                                               \
	"INFO sip:a@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"                             \
	"From: <sip:b@example.net>;tag=1\r\nTo: <sip:a@example.net>;tag=2\r\nCSeq: 1 INFO\r\n" headers

const struct difference_example difference_examples[] = {
	{ITEM_VIA, "SIP/2.0/UDP\r192.0.2.7"},
	{ITEM_ADDRESS, "a <sip:0>"},
	{ITEM_ADDRESS, "sip:a@example.net;b=\t\"c;tag=d\""},
	{ITEM_ADDRESS, "sip:_;branch=z9hG4bK%Yy"},
	{ITEM_VIA, "SIP/2.0/UDP 192.0.2.7;branch=a~(b)"},
	{ITEM_CREDENTIALS, "Digest\r username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\""},
	{ITEM_CREDENTIALS, "Digest username\t=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\""},
	{ITEM_CREDENTIALS,
	 "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\", ncp=auth, algorithm=MD5"},
	{ITEM_CREDENTIALS, "Digest\tusername=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\""},
	{ITEM_CREDENTIALS, "Digest username=a, realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\""},
	{ITEM_CREDENTIALS, "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=e"},
	{ITEM_CREDENTIALS, "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\", opaque=f"},
	{ITEM_CREDENTIALS, "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\", "
			   "cnonce=\"f\", nc=00000001, qop=g"},
	{ITEM_MESSAGE, REQUEST("Call-ID: 1\r\nContent-Type:\r\n\r\ntext")},
	{ITEM_MESSAGE, REQUEST("Call-ID: 1\r\nContent-Length: 242949672961\r\n\r\n")},
	{ITEM_MESSAGE, REQUEST("Call-ID: 1\r\nRoute: <other:a>\r\n\r\n")},
	{ITEM_MESSAGE, REQUEST("Call-ID: 1\r\nContact: <other:a,b>, <sip:a>\r\n\r\n")},
	{ITEM_MESSAGE, REQUEST("Call-ID: @1\r\n\r\n")},
};

const uint32_t difference_example_count = sizeof(difference_examples) / sizeof(difference_examples[0]);

static pcre2_code *codes[ROWS_MAX];
static pcre2_match_data *match;

void differences_build(void)
{
	must(difference_count <= ROWS_MAX);
	match = pcre2_match_data_create(1, NULL);
	must(match);
	for (uint32_t i = 0; i < difference_count; i++) {
		int error;
		PCRE2_SIZE offset;
		if (!differences[i].pattern)
			continue;
		codes[i] = pcre2_compile((PCRE2_SPTR)differences[i].pattern, PCRE2_ZERO_TERMINATED, PCRE2_EXTENDED,
					 &error, &offset, NULL);
		if (!codes[i])
			must_fail(differences[i].pattern + offset);
	}
}

void differences_free(void)
{
	for (uint32_t i = 0; i < difference_count; i++)
		pcre2_code_free(codes[i]);
	pcre2_match_data_free(match);
}

static bool is_found(uint32_t index, struct span text)
{
	if (!codes[index])
		return true;
	int result = pcre2_match(codes[index], (PCRE2_SPTR)text.at, text.length, 0, 0, match, NULL);
	must(result >= 0 || result == PCRE2_ERROR_NOMATCH);
	return result >= 0;
}

static bool exceeds_datagram(struct span text)
{
	const char *end = memmem(text.at, text.length, "\r\n\r\n", 4);
	for (const char *at = text.at; end && at < end; at++) {
		bool is_line = *at == '\n' && (strncasecmp(at + 1, "content-length", 14) == 0 ||
					       (strncasecmp(at + 1, "l", 1) == 0 && strchr(": \t", at[2])));
		const char *colon = is_line ? memchr(at, ':', (size_t)(end - at)) : NULL;
		if (colon)
			return strtoull(colon + 1, NULL, 10) > (size_t)(text.at + text.length - end - 4);
	}
	return false;
}

static bool is_met(const struct difference *row, struct span text)
{
	switch (row->condition) {
	case IN_GRAMMAR:
		return grammar_accepts(row->item, text);
	case OUTSIDE_GRAMMAR:
		return !grammar_accepts(row->item, text);
	case OVER_DATAGRAM:
		return exceeds_datagram(text);
	default:
		return true;
	}
}

uint32_t differences_explain(enum item item, const char *what, struct span text)
{
	for (uint32_t i = 0; i < difference_count; i++) {
		const struct difference *row = &differences[i];
		bool is_refusal = strcmp(what, AMITY_REFUSES) == 0 || strcmp(what, OSIP_REFUSES) == 0;
		if (row->item != item || (row->what ? strcmp(row->what, what) != 0 : is_refusal))
			continue;
		if (!is_met(row, text))
			continue;
		if (is_found(i, text))
			return i;
	}
	return difference_count;
}
