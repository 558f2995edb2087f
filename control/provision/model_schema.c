#include "model_schema.h"

#include "carrier.h"
#include "company.h"
#include "model.h"
#include "pattern_set.h"
#include "text_format.h"

#define COUNT(array)	      (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define AT(structure, member) (uint16_t) offsetof(struct structure, member)

#define NAME_BYTES_MAX	      65 /* spec/friends.md section 1 */
#define LABEL_BYTES_MAX	      100
#define DISPLAY_BYTES_MAX     100
#define DESCRIPTION_BYTES_MAX 500 /* spec/friends.md section 1 */
#define PASSWORD_BYTES_MAX    128
#define HOST_BYTES_MAX	      253 /* RFC 1035 2.3.4, less the dots around it */
#define SIP_USER_BYTES_MAX    64
#define EXTENSION_BYTES_MAX   10 /* spec/friends.md section 1 */
#define E164_BYTES_MAX	      16 /* + and 15 digits */
#define AREA_CODE_BYTES_MAX   10
#define PRIORITY_MAX	      32767
#define LIMIT_MAX	      1000000000
#define RING_TIME_MAX_S	      600
#define CODEC_BYTES_MAX	      32

static const struct model_text endpoint_codec = {.text = "PCMA", .length = 4}; /* R25 */

/* clang-format off: a row a line */

static const struct model_schema_row extension_route_rows[] = {
	{"user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .offset = AT(model_route, user), .least = 1,
	 .most = NAME_BYTES_MAX, .help = "ring this user of the company"},
	{"friend", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIALLED, .offset = AT(model_route, friend_number), .least = 1,
	 .most = NUMBER_BYTES_MAX,
	 .help = "offer this number to the patterns of the friends, in place of the dialled one (R10)"},
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_route, number), .least = 1,
	 .most = E164_BYTES_MAX, .help = "call this +E.164 number outside, without asking a call ACL"},
};
static const struct model_schema extension_route = {"a route",
						    sizeof(struct model_route),
						    .one_of = true,
						    .is_inline = true,
						    .row_count = COUNT(extension_route_rows),
						    .row = extension_route_rows};

static const struct model_schema_row ddi_route_rows[] = {
	{"user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .offset = AT(model_route, user), .least = 1,
	 .most = NAME_BYTES_MAX, .help = "ring this user of the company"},
	{"friend", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIALLED, .offset = AT(model_route, friend_number), .least = 1,
	 .most = NUMBER_BYTES_MAX, .help = "offer this number to the patterns of the friends (R10)"},
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_route, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX, .help = "as if this extension had been dialled"},
};
static const struct model_schema ddi_route = {
	"a route",	   sizeof(struct model_route),	       .one_of = true,
	.is_inline = true, .row_count = COUNT(ddi_route_rows), .row = ddi_route_rows};

static const struct model_schema_row forward_target_rows[] = {
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_route, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX, .help = "as if this extension had been dialled"},
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_route, number), .least = 1,
	 .most = E164_BYTES_MAX, .help = "call this +E.164 number outside, without asking a call ACL"},
};
static const struct model_schema forward_target = {"a target",
						   sizeof(struct model_route),
						   .one_of = true,
						   .is_inline = true,
						   .row_count = COUNT(forward_target_rows),
						   .row = forward_target_rows};

static const char *const forward_when[] = {[FORWARD_ALWAYS] = "always",
					   [FORWARD_UNREGISTERED] = "unregistered",
					   [FORWARD_BUSY] = "busy",
					   [FORWARD_NO_ANSWER] = "no_answer",
					   NULL};
static const char *const forward_calls[] = {[FORWARD_CALLS_BOTH] = "both",
					    [FORWARD_CALLS_INTERNAL] = "internal",
					    [FORWARD_CALLS_EXTERNAL] = "external",
					    NULL};

static const struct model_schema_row forward_rows[] = {
	{"when", MODEL_SCHEMA_CHOICE, .mandatory = true, .offset = AT(model_forward, when), .choice = forward_when,
	 .help = "always (it is not even tried), busy, no_answer, unregistered or not reached in another way (R28)"},
	{"calls", MODEL_SCHEMA_CHOICE, .offset = AT(model_forward, calls), .choice = forward_calls,
	 .help = "which calls: from users and friends (internal), through a DDI (external), both"},
	{"after", MODEL_SCHEMA_INTEGER, .offset = AT(model_forward, after_s), .least = 1, .most = RING_TIME_MAX_S,
	 .fallback = 20, .unit = "s",
	 .help = "with no_answer: how long it rings; of several that fit the least counts"},
	{"to", MODEL_SCHEMA_OBJECT, .mandatory = true, .offset = AT(model_forward, to), .child = &forward_target,
	 .help = "where the call goes instead: extension or number"},
};
static const struct model_schema forward = {"a forward", sizeof(struct model_forward), .is_inline = true,
					    .row_count = COUNT(forward_rows), .row = forward_rows};

static const struct model_schema_row rule_rows[] = {
	{"allow", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PATTERN, .offset = AT(model_rule, allow), .least = 1,
	 .most = PATTERN_BYTES_MAX, .help = "a regular expression: +E.164 numbers that may be called"},
	{"deny", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PATTERN, .offset = AT(model_rule, deny), .least = 1,
	 .most = PATTERN_BYTES_MAX, .help = "a regular expression: +E.164 numbers that may not be called"},
};
static const struct model_schema rule = {"a rule",	    sizeof(struct model_rule),	   .one_of = true,
					 .is_inline = true, .row_count = COUNT(rule_rows), .row = rule_rows};

static const char *const acl_default[] = {[MODEL_ACL_DENY] = "deny", [MODEL_ACL_ALLOW] = "allow", NULL};

static const struct model_schema_row acl_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_acl, name), .least = 1,
	 .most = LABEL_BYTES_MAX, .help = "what users and friends name in call_acl"},
	{"default", MODEL_SCHEMA_CHOICE, .offset = AT(model_acl, default_action), .fallback = MODEL_ACL_DENY,
	 .choice = acl_default, .help = "what becomes of a number that no rule matches"},
	{"rules", MODEL_SCHEMA_OBJECTS, .offset = AT(model_acl, rules), .child = &rule,
	 .help = "tried in order, the first match decides (R13)"},
};
const struct model_schema model_schema_acl = {"a call ACL", sizeof(struct model_acl), .row_count = COUNT(acl_rows),
					      .row = acl_rows};

static const struct model_schema_row extension_rows[] = {
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .mandatory = true, .offset = AT(model_extension, number),
	 .least = 1, .most = EXTENSION_BYTES_MAX,
	 .help = "what is dialled: first a digit, then digits, letters, * and #"},
	{"route", MODEL_SCHEMA_OBJECT, .offset = AT(model_extension, route), .child = &extension_route,
	 .help = "where the call goes; absent: reserved, calls are answered 480"},
};
const struct model_schema model_schema_extension = {"an extension", sizeof(struct model_extension), .is_inline = true,
						    .row_count = COUNT(extension_rows), .row = extension_rows};

static const struct model_schema_row ddi_rows[] = {
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .mandatory = true, .offset = AT(model_ddi, number), .least = 1,
	 .most = E164_BYTES_MAX, .help = "a number of the public network, +E.164, unique in the whole system"},
	{"route", MODEL_SCHEMA_OBJECT, .offset = AT(model_ddi, route), .child = &ddi_route,
	 .help = "where a call to it goes; absent: reserved, calls are answered 480"},
	{"display", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DISPLAY, .offset = AT(model_ddi, display), .most = DISPLAY_BYTES_MAX,
	 .help = "shown as the name of who calls it from outside (R26)"},
};
const struct model_schema model_schema_ddi = {"a DDI", sizeof(struct model_ddi), .is_inline = true,
					      .row_count = COUNT(ddi_rows), .row = ddi_rows};

static const struct model_schema_row user_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .mandatory = true, .offset = AT(model_user, endpoint.name),
	 .least = 1, .most = NAME_BYTES_MAX,
	 .help = "user name of the digest and of the address, unique among users and friends of the company"},
	{"password", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PASSWORD, .mandatory = true,
	 .offset = AT(model_user, endpoint.password), .least = 1, .most = PASSWORD_BYTES_MAX, .help = "of the digest"},
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_user, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX, .help = "its own number, shown as caller; one of the extensions"},
	{"display", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DISPLAY, .offset = AT(model_user, display),
	 .most = DISPLAY_BYTES_MAX, .help = "its name, shown as caller"},
	{"outgoing_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_user, outgoing_ddi), .least = 1,
	 .most = E164_BYTES_MAX,
	 .help = "shown to the public network, one of the company's ddis; absent: the company's"},
	{"call_acl", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .offset = AT(model_user, endpoint.call_acl), .least = 1,
	 .most = LABEL_BYTES_MAX, .help = "which numbers it may call outside; absent: all"},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_user, endpoint.codecs), .least = 1,
	 .most = CODEC_BYTES_MAX, .fallback_text = &endpoint_codec,
	 .help = "what it may speak and be offered (R25); telephone-event and CN need not be named"},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_user, endpoint.country), .least = 2,
	 .most = 2, .help = "whose dial format it uses, ISO 3166-1; absent: the company's"},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_user, endpoint.area_code),
	 .most = AREA_CODE_BYTES_MAX, .help = "of its dial format; absent: the company's"},
	{"multi_contact", MODEL_SCHEMA_BOOL, .offset = AT(model_user, endpoint.multi_contact), .fallback = true,
	 .help = "false: a new registration replaces the older ones"},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_user, endpoint.max_calls), .most = LIMIT_MAX,
	 .unit = "calls", .help = "towards it at the same time; 0: no limit"},
};
const struct model_schema model_schema_user = {"a user", sizeof(struct model_user), .row_count = COUNT(user_rows),
					       .row = user_rows};

static const char *const friend_auth[] = {[MODEL_AUTH_DIGEST] = "digest", [MODEL_AUTH_SOURCE] = "source", NULL};

static const struct model_schema_row friend_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .mandatory = true, .offset = AT(model_friend, endpoint.name),
	 .least = 1, .most = NAME_BYTES_MAX,
	 .help = "user name of the digest and when it registers, unique among users and friends of the company"},
	{"description", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DESCRIPTION, .offset = AT(model_friend, description),
	 .most = DESCRIPTION_BYTES_MAX, .help = "for people; the router does not use it"},
	{"priority", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, priority), .most = PRIORITY_MAX, .fallback = 1,
	 .help = "of friends whose patterns match, the least value is called; equal: the first name (R8)"},
	{"password", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PASSWORD, .offset = AT(model_friend, endpoint.password), .least = 1,
	 .most = PASSWORD_BYTES_MAX, .help = "of the digest; only with auth: source it may be absent"},
	{"auth", MODEL_SCHEMA_CHOICE, .offset = AT(model_friend, auth), .fallback = MODEL_AUTH_DIGEST,
	 .choice = friend_auth, .help = "digest, or source: a direct friend is known by its address alone"},
	{"direct", MODEL_SCHEMA_TEXT, TEXT_FORMAT_ADDRESS, .offset = AT(model_friend, direct), .least = 1,
	 .most = HOST_BYTES_MAX + 10, .help = "its address, udp:IP:PORT; absent: it registers"},
	{"ruri_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_friend, ruri_domain), .least = 1,
	 .most = HOST_BYTES_MAX, .help = "host of the Request-URI, of a direct friend; calls still go to direct"},
	{"patterns", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PATTERN, .offset = AT(model_friend, patterns), .least = 1,
	 .most = PATTERN_BYTES_MAX, .help = "regular expressions: numbers that can be reached through it (R7)"},
	{"call_acl", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .offset = AT(model_friend, endpoint.call_acl), .least = 1,
	 .most = LABEL_BYTES_MAX, .help = "which numbers it may call outside; absent: all"},
	{"fallback_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_friend, fallback_ddi), .least = 1,
	 .most = E164_BYTES_MAX,
	 .help = "shown to the public network when the caller is no DDI of the company; absent: its outgoing_ddi "
		 "(R14)"},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_friend, endpoint.country), .least = 2,
	 .most = 2, .help = "whose dial format it uses, ISO 3166-1; absent: the company's"},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_friend, endpoint.area_code),
	 .most = AREA_CODE_BYTES_MAX, .help = "of its dial format; absent: the company's"},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_friend, endpoint.codecs), .least = 1,
	 .most = CODEC_BYTES_MAX, .fallback_text = &endpoint_codec,
	 .help = "what it may speak and be offered (R25); telephone-event and CN need not be named"},
	{"from_user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_SIP_USER, .offset = AT(model_friend, from_user), .least = 1,
	 .most = SIP_USER_BYTES_MAX, .help = "user part of From towards it; absent: the caller's number"},
	{"from_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_friend, from_domain), .least = 1,
	 .most = HOST_BYTES_MAX, .help = "host of From towards it; absent: the company's domain"},
	{"ddi_in", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, ddi_in), .fallback = true,
	 .help = "true: the Request-URI and To carry the number; false: its contact and name (R21)"},
	{"always_transform", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, always_transform), .fallback = false,
	 .help = "true: numbers it dials are converted to E.164 before anything is looked up (R5)"},
	{"multi_contact", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, endpoint.multi_contact), .fallback = true,
	 .help = "false: a new registration replaces the older ones"},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, endpoint.max_calls), .most = LIMIT_MAX,
	 .unit = "calls", .help = "towards it at the same time; 0: no limit"},
	{"max_cps", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, max_cps), .most = LIMIT_MAX,
	 .unit = "calls per second", .help = "new calls from it; over it 503; 0: no limit"},
	{"forwards", MODEL_SCHEMA_OBJECTS, .offset = AT(model_friend, forwards), .child = &forward,
	 .count_most = FORWARDS_MAX,
	 .help = "what happens instead when it cannot take a call (R27); the first that fits"},
};
const struct model_schema model_schema_friend = {"a friend", sizeof(struct model_friend),
						 .row_count = COUNT(friend_rows), .row = friend_rows};

static const struct model_schema_row company_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_company, name), .least = 1,
	 .most = LABEL_BYTES_MAX, .help = "unique in the whole system"},
	{"domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DOMAIN, .mandatory = true, .offset = AT(model_company, domain),
	 .least = 1, .most = HOST_BYTES_MAX, .help = "SIP domain and digest realm, unique in the whole system"},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .mandatory = true, .offset = AT(model_company, country),
	 .least = 2, .most = 2, .help = "ISO 3166-1 code of two letters: the dial format of its numbers"},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_company, area_code),
	 .most = AREA_CODE_BYTES_MAX, .help = "of its dial format, digits; may be empty"},
	{"outgoing_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_company, outgoing_ddi), .least = 1,
	 .most = E164_BYTES_MAX,
	 .help = "shown to the public network when nothing more special is set; one of its ddis"},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_company, max_calls), .most = LIMIT_MAX, .unit = "calls",
	 .help = "external calls in both directions together; 0: no limit"},
	{"emergency", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_DIALLED, .offset = AT(model_company, emergency), .least = 1,
	 .most = E164_BYTES_MAX, .help = "numbers that always go out, whatever the rules say (R37)"},
	{"sources", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PREFIX, .offset = AT(model_company, sources), .least = 1,
	 .most = 64, .help = "networks that its users and friends may call and register from; absent or empty: any"},
	{"users", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, users), .child = &model_schema_user,
	 .help = "people and their phones"},
	{"friends", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, friends), .child = &model_schema_friend,
	 .help = "other PBXes of the company, each at the end of a SIP trunk"},
	{"extensions", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, extensions), .child = &model_schema_extension,
	 .help = "numbers that can be dialled in the company"},
	{"ddis", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, ddis), .child = &model_schema_ddi,
	 .help = "its numbers in the public network"},
	{"call_acls", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, call_acls), .child = &model_schema_acl,
	 .help = "lists of numbers that may and may not be called outside"},
};
const struct model_schema model_schema_company = {"a company", sizeof(struct model_company),
						  .row_count = COUNT(company_rows), .row = company_rows};

static const struct model_schema_row carrier_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_carrier, name), .least = 1,
	 .most = LABEL_BYTES_MAX, .help = "unique in the whole system"},
	{"address", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_ADDRESS, .mandatory = true, .offset = AT(model_carrier, address),
	 .least = 1, .most = HOST_BYTES_MAX + 10, .count_most = CARRIER_ADDRESSES_MAX,
	 .help = "where calls go, udp:IP:PORT; the next one is tried when one fails (R16)"},
	{"priority", MODEL_SCHEMA_INTEGER, .offset = AT(model_carrier, priority), .most = INT32_MAX, .fallback = 1,
	 .help = "the carriers that match are tried from the least value on (R16)"},
	{"patterns", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PATTERN, .offset = AT(model_carrier, patterns), .least = 1,
	 .most = PATTERN_BYTES_MAX, .help = "regular expressions on the +E.164 number; absent or empty: every number"},
	{"sources", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PREFIX, .offset = AT(model_carrier, sources), .least = 1,
	 .most = 64, .help = "networks that may deliver calls to the DDIs; absent or empty: the IPs of address"},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_carrier, country), .least = 2, .most = 2,
	 .help = "numbers to and from it are written in its dial format; absent: +E.164"},
	{"from_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_carrier, from_domain), .least = 1,
	 .most = HOST_BYTES_MAX,
	 .help = "host of From and P-Asserted-Identity towards it; absent: the router's address"},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_carrier, codecs), .least = 1,
	 .most = CODEC_BYTES_MAX, .help = "what calls over it may speak (R25); absent: as offered"},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_carrier, max_calls), .most = LIMIT_MAX, .unit = "calls",
	 .help = "at the same time; 0: no limit"},
};
const struct model_schema model_schema_carrier = {"a carrier", sizeof(struct model_carrier),
						  .row_count = COUNT(carrier_rows), .row = carrier_rows};

static const struct model_schema_row document_rows[] = {
	{"carriers", MODEL_SCHEMA_OBJECTS, .offset = AT(model, carriers), .child = &model_schema_carrier,
	 .help = "the public network: contract partners of the router's operator"},
	{"companies", MODEL_SCHEMA_OBJECTS, .offset = AT(model, companies), .child = &model_schema_company,
	 .help = "the companies that the router serves"},
};
const struct model_schema model_schema_document = {"a document", sizeof(struct model),
						   .row_count = COUNT(document_rows), .row = document_rows};

/* clang-format on */
