#include "model_schema.h"

#include "model.h"
#include "number.h"
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

static const char CODECS_LATER[] = "choosing codecs (R25)";
static const char CALL_LIMIT_LATER[] = "limiting calls (R18)";
static const char FORWARDS_LATER[] = "forwarding calls of a friend (R27)";

/* clang-format off: a row a line */

static const struct model_schema_row extension_route_rows[] = {
	{"user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .offset = AT(model_route, user), .least = 1,
	 .most = NAME_BYTES_MAX},
	{"friend", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIALLED, .offset = AT(model_route, friend_number), .least = 1,
	 .most = NUMBER_BYTES_MAX},
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_route, number), .least = 1,
	 .most = E164_BYTES_MAX},
};
static const struct model_schema extension_route = {"a route",
						    sizeof(struct model_route),
						    .one_of = true,
						    .is_inline = true,
						    .row_count = COUNT(extension_route_rows),
						    .row = extension_route_rows};

static const struct model_schema_row ddi_route_rows[] = {
	{"user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .offset = AT(model_route, user), .least = 1,
	 .most = NAME_BYTES_MAX},
	{"friend", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIALLED, .offset = AT(model_route, friend_number), .least = 1,
	 .most = NUMBER_BYTES_MAX},
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_route, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX},
};
static const struct model_schema ddi_route = {
	"a route",	   sizeof(struct model_route),	       .one_of = true,
	.is_inline = true, .row_count = COUNT(ddi_route_rows), .row = ddi_route_rows};

static const struct model_schema_row forward_target_rows[] = {
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_route, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX},
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_route, number), .least = 1,
	 .most = E164_BYTES_MAX},
};
static const struct model_schema forward_target = {"a target",
						   sizeof(struct model_route),
						   .one_of = true,
						   .is_inline = true,
						   .row_count = COUNT(forward_target_rows),
						   .row = forward_target_rows};

static const char *const forward_when[] = {"always", "unregistered", "busy", "no_answer", NULL};
static const char *const forward_calls[] = {"both", "internal", "external", NULL};

static const struct model_schema_row forward_rows[] = {
	{"when", MODEL_SCHEMA_CHOICE, .mandatory = true, .offset = AT(model_forward, when), .choice = forward_when},
	{"calls", MODEL_SCHEMA_CHOICE, .offset = AT(model_forward, calls), .choice = forward_calls},
	{"after", MODEL_SCHEMA_INTEGER, .offset = AT(model_forward, after_s), .least = 1, .most = RING_TIME_MAX_S,
	 .fallback = 20, .unit = "s"},
	{"to", MODEL_SCHEMA_OBJECT, .mandatory = true, .offset = AT(model_forward, to), .child = &forward_target},
};
static const struct model_schema forward = {"a forward", sizeof(struct model_forward), .is_inline = true,
					    .row_count = COUNT(forward_rows), .row = forward_rows};

static const struct model_schema_row rule_rows[] = {
	{"allow", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PATTERN, .offset = AT(model_rule, allow), .least = 1,
	 .most = PATTERN_BYTES_MAX},
	{"deny", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PATTERN, .offset = AT(model_rule, deny), .least = 1,
	 .most = PATTERN_BYTES_MAX},
};
static const struct model_schema rule = {"a rule",	    sizeof(struct model_rule),	   .one_of = true,
					 .is_inline = true, .row_count = COUNT(rule_rows), .row = rule_rows};

static const char *const acl_default[] = {[MODEL_ACL_DENY] = "deny", [MODEL_ACL_ALLOW] = "allow", NULL};

static const struct model_schema_row acl_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_acl, name), .least = 1,
	 .most = LABEL_BYTES_MAX},
	{"default", MODEL_SCHEMA_CHOICE, .offset = AT(model_acl, default_action), .fallback = MODEL_ACL_DENY,
	 .choice = acl_default},
	{"rules", MODEL_SCHEMA_OBJECTS, .offset = AT(model_acl, rules), .child = &rule},
};
const struct model_schema model_schema_acl = {"a call ACL", sizeof(struct model_acl), .row_count = COUNT(acl_rows),
					      .row = acl_rows};

static const struct model_schema_row extension_rows[] = {
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .mandatory = true, .offset = AT(model_extension, number),
	 .least = 1, .most = EXTENSION_BYTES_MAX},
	{"route", MODEL_SCHEMA_OBJECT, .offset = AT(model_extension, route), .child = &extension_route},
};
const struct model_schema model_schema_extension = {"an extension", sizeof(struct model_extension), .is_inline = true,
						    .row_count = COUNT(extension_rows), .row = extension_rows};

static const struct model_schema_row ddi_rows[] = {
	{"number", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .mandatory = true, .offset = AT(model_ddi, number), .least = 1,
	 .most = E164_BYTES_MAX},
	{"route", MODEL_SCHEMA_OBJECT, .offset = AT(model_ddi, route), .child = &ddi_route},
	{"display", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DISPLAY, .offset = AT(model_ddi, display),
	 .most = DISPLAY_BYTES_MAX},
};
const struct model_schema model_schema_ddi = {"a DDI", sizeof(struct model_ddi), .is_inline = true,
					      .row_count = COUNT(ddi_rows), .row = ddi_rows};

static const struct model_schema_row user_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .mandatory = true, .offset = AT(model_user, endpoint.name),
	 .least = 1, .most = NAME_BYTES_MAX},
	{"password", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PASSWORD, .mandatory = true,
	 .offset = AT(model_user, endpoint.password), .least = 1, .most = PASSWORD_BYTES_MAX},
	{"extension", MODEL_SCHEMA_TEXT, TEXT_FORMAT_EXTENSION, .offset = AT(model_user, extension), .least = 1,
	 .most = EXTENSION_BYTES_MAX},
	{"display", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DISPLAY, .offset = AT(model_user, display),
	 .most = DISPLAY_BYTES_MAX},
	{"outgoing_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_user, outgoing_ddi), .least = 1,
	 .most = E164_BYTES_MAX},
	{"call_acl", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .offset = AT(model_user, endpoint.call_acl), .least = 1,
	 .most = LABEL_BYTES_MAX},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_user, endpoint.codecs), .least = 1,
	 .most = 32, .later = CODECS_LATER},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_user, endpoint.country), .least = 2,
	 .most = 2},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_user, endpoint.area_code),
	 .most = AREA_CODE_BYTES_MAX},
	{"multi_contact", MODEL_SCHEMA_BOOL, .offset = AT(model_user, endpoint.multi_contact), .fallback = true},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_user, endpoint.max_calls), .most = LIMIT_MAX,
	 .unit = "calls", .later = CALL_LIMIT_LATER},
};
const struct model_schema model_schema_user = {"a user", sizeof(struct model_user), .row_count = COUNT(user_rows),
					       .row = user_rows};

static const char *const friend_auth[] = {[MODEL_AUTH_DIGEST] = "digest", [MODEL_AUTH_SOURCE] = "source", NULL};

static const struct model_schema_row friend_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_NAME, .mandatory = true, .offset = AT(model_friend, endpoint.name),
	 .least = 1, .most = NAME_BYTES_MAX},
	{"description", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DESCRIPTION, .offset = AT(model_friend, description),
	 .most = DESCRIPTION_BYTES_MAX},
	{"priority", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, priority), .most = PRIORITY_MAX, .fallback = 1},
	{"password", MODEL_SCHEMA_TEXT, TEXT_FORMAT_PASSWORD, .offset = AT(model_friend, endpoint.password), .least = 1,
	 .most = PASSWORD_BYTES_MAX},
	{"auth", MODEL_SCHEMA_CHOICE, .offset = AT(model_friend, auth), .fallback = MODEL_AUTH_DIGEST,
	 .choice = friend_auth},
	{"direct", MODEL_SCHEMA_TEXT, TEXT_FORMAT_ADDRESS, .offset = AT(model_friend, direct), .least = 1,
	 .most = HOST_BYTES_MAX + 10},
	{"ruri_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_friend, ruri_domain), .least = 1,
	 .most = HOST_BYTES_MAX},
	{"patterns", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PATTERN, .offset = AT(model_friend, patterns), .least = 1,
	 .most = PATTERN_BYTES_MAX},
	{"call_acl", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .offset = AT(model_friend, endpoint.call_acl), .least = 1,
	 .most = LABEL_BYTES_MAX},
	{"fallback_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_friend, fallback_ddi), .least = 1,
	 .most = E164_BYTES_MAX},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_friend, endpoint.country), .least = 2,
	 .most = 2},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_friend, endpoint.area_code),
	 .most = AREA_CODE_BYTES_MAX},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_friend, endpoint.codecs), .least = 1,
	 .most = 32, .later = CODECS_LATER},
	{"from_user", MODEL_SCHEMA_TEXT, TEXT_FORMAT_SIP_USER, .offset = AT(model_friend, from_user), .least = 1,
	 .most = SIP_USER_BYTES_MAX},
	{"from_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_friend, from_domain), .least = 1,
	 .most = HOST_BYTES_MAX},
	{"ddi_in", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, ddi_in), .fallback = true},
	{"always_transform", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, always_transform), .fallback = false},
	{"multi_contact", MODEL_SCHEMA_BOOL, .offset = AT(model_friend, endpoint.multi_contact), .fallback = true},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, endpoint.max_calls), .most = LIMIT_MAX,
	 .unit = "calls", .later = CALL_LIMIT_LATER},
	{"max_cps", MODEL_SCHEMA_INTEGER, .offset = AT(model_friend, max_cps), .most = LIMIT_MAX,
	 .unit = "calls per second", .later = CALL_LIMIT_LATER},
	{"forwards", MODEL_SCHEMA_OBJECTS, .offset = AT(model_friend, forwards), .child = &forward,
	 .later = FORWARDS_LATER},
};
const struct model_schema model_schema_friend = {"a friend", sizeof(struct model_friend),
						 .row_count = COUNT(friend_rows), .row = friend_rows};

static const struct model_schema_row company_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_company, name), .least = 1,
	 .most = LABEL_BYTES_MAX},
	{"domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DOMAIN, .mandatory = true, .offset = AT(model_company, domain),
	 .least = 1, .most = HOST_BYTES_MAX},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .mandatory = true, .offset = AT(model_company, country),
	 .least = 2, .most = 2},
	{"area_code", MODEL_SCHEMA_TEXT, TEXT_FORMAT_DIGITS, .offset = AT(model_company, area_code),
	 .most = AREA_CODE_BYTES_MAX},
	{"outgoing_ddi", MODEL_SCHEMA_TEXT, TEXT_FORMAT_E164, .offset = AT(model_company, outgoing_ddi), .least = 1,
	 .most = E164_BYTES_MAX},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_company, max_calls), .most = LIMIT_MAX, .unit = "calls",
	 .later = CALL_LIMIT_LATER},
	{"emergency", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_DIALLED, .offset = AT(model_company, emergency), .least = 1,
	 .most = E164_BYTES_MAX},
	{"sources", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PREFIX, .offset = AT(model_company, sources), .least = 1,
	 .most = 64},
	{"users", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, users), .child = &model_schema_user},
	{"friends", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, friends), .child = &model_schema_friend},
	{"extensions", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, extensions), .child = &model_schema_extension},
	{"ddis", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, ddis), .child = &model_schema_ddi},
	{"call_acls", MODEL_SCHEMA_OBJECTS, .offset = AT(model_company, call_acls), .child = &model_schema_acl},
};
const struct model_schema model_schema_company = {"a company", sizeof(struct model_company),
						  .row_count = COUNT(company_rows), .row = company_rows};

static const struct model_schema_row carrier_rows[] = {
	{"name", MODEL_SCHEMA_TEXT, TEXT_FORMAT_LABEL, .mandatory = true, .offset = AT(model_carrier, name), .least = 1,
	 .most = LABEL_BYTES_MAX},
	{"address", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_ADDRESS, .mandatory = true, .offset = AT(model_carrier, address),
	 .least = 1, .most = HOST_BYTES_MAX + 10},
	{"priority", MODEL_SCHEMA_INTEGER, .offset = AT(model_carrier, priority), .most = INT32_MAX, .fallback = 1},
	{"patterns", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PATTERN, .offset = AT(model_carrier, patterns), .least = 1,
	 .most = PATTERN_BYTES_MAX},
	{"sources", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_PREFIX, .offset = AT(model_carrier, sources), .least = 1,
	 .most = 64},
	{"country", MODEL_SCHEMA_TEXT, TEXT_FORMAT_COUNTRY, .offset = AT(model_carrier, country), .least = 2,
	 .most = 2},
	{"from_domain", MODEL_SCHEMA_TEXT, TEXT_FORMAT_HOST, .offset = AT(model_carrier, from_domain), .least = 1,
	 .most = HOST_BYTES_MAX},
	{"codecs", MODEL_SCHEMA_TEXTS, TEXT_FORMAT_CODEC, .offset = AT(model_carrier, codecs), .least = 1, .most = 32,
	 .later = CODECS_LATER},
	{"max_calls", MODEL_SCHEMA_INTEGER, .offset = AT(model_carrier, max_calls), .most = LIMIT_MAX, .unit = "calls",
	 .later = CALL_LIMIT_LATER},
};
const struct model_schema model_schema_carrier = {"a carrier", sizeof(struct model_carrier),
						  .row_count = COUNT(carrier_rows), .row = carrier_rows};

static const struct model_schema_row document_rows[] = {
	{"carriers", MODEL_SCHEMA_OBJECTS, .offset = AT(model, carriers), .child = &model_schema_carrier},
	{"companies", MODEL_SCHEMA_OBJECTS, .offset = AT(model, companies), .child = &model_schema_company},
};
const struct model_schema model_schema_document = {"a document", sizeof(struct model),
						   .row_count = COUNT(document_rows), .row = document_rows};

/* clang-format on */
