#include "model_validate.h"

#include <stdarg.h>

#include "codec.h"
#include "codec_set_build.h"
#include "company.h"
#include "model_schema.h"
#include "name_table_build.h"

struct validator {
	const struct model *model;
	struct problem_list *problems;
	const char *file_name;
	struct span text;
	struct arena arena;    /* of the tables below */
	bool failed;	       /* memory ended */
	struct name_table ddi; /* of the whole system */
};

/* The names of one company. */
struct company_names {
	struct name_table user, endpoint, extension, ddi, acl;
};

static void report(const struct validator *validator, struct model_place at, const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void report(const struct validator *validator, struct model_place at, const char *key, const char *format, ...)
{
	char message[500];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	struct problem_place place = {validator->file_name, validator->text.at, validator->text.length, at.line,
				      at.column};
	problem_add_at(validator->problems, &place, key, "%s", message);
}

/* ---- names ---- */

static void make_table(struct validator *validator, struct name_table *table, uint32_t count)
{
	if (name_table_build(table, &validator->arena, count) != STATUS_OK)
		validator->failed = true;
}

/* Absent names were reported when they were read. The table's values are lines, so that a report can name the first. */
static void add_name(struct validator *validator, struct name_table *table, const struct model_text *name,
		     const char *key, const char *what, bool fold)
{
	uint32_t line = 0;
	if (!name->text || !table->slot)
		return;
	if (name_table_build_add(table, model_span(name), name->place.line, fold))
		return;
	name_table_find(&line, table, model_span(name), fold);
	report(validator, name->place, key, "%s '%s' is taken already, in line %u", what, name->text, line);
}

/* A value that was refused is not reported a second time as missing. */
static bool is_absent(const struct model_text *text)
{
	return !text->text && text->place.line == 0;
}

static bool has_name(const struct name_table *table, const struct model_text *name)
{
	uint32_t line;
	return name_table_find(&line, table, model_span(name), false);
}

static void check_reference(struct validator *validator, const struct name_table *table, const struct model_text *name,
			    const char *key, const char *what)
{
	if (name->text && !has_name(table, name))
		report(validator, name->place, key, "'%s' is no %s of this company", name->text, what);
}

static void collect_names(struct validator *validator, const struct model_company *company, struct company_names *names)
{
	make_table(validator, &names->user, company->users.count);
	make_table(validator, &names->endpoint, company->users.count + company->friends.count);
	make_table(validator, &names->extension, company->extensions.count);
	make_table(validator, &names->ddi, company->ddis.count);
	make_table(validator, &names->acl, company->call_acls.count);
	if (validator->failed)
		return;
	for (uint32_t i = 0; i < company->users.count; i++) {
		const struct model_text *name = &model_users(company)[i].endpoint.name;
		if (name->text)
			name_table_build_add(&names->user, model_span(name), name->place.line, false);
		add_name(validator, &names->endpoint, name, "name", "the name", false);
	}
	for (uint32_t i = 0; i < company->friends.count; i++)
		add_name(validator, &names->endpoint, &model_friends(company)[i].endpoint.name, "name", "the name",
			 false);
	for (uint32_t i = 0; i < company->extensions.count; i++)
		add_name(validator, &names->extension, &model_extensions(company)[i].number, "number", "the extension",
			 false);
	for (uint32_t i = 0; i < company->ddis.count; i++) {
		const struct model_text *number = &model_ddis(company)[i].number;
		if (number->text)
			name_table_build_add(&names->ddi, model_span(number), number->place.line, false);
		add_name(validator, &validator->ddi, number, "number", "the DDI", false);
	}
	for (uint32_t i = 0; i < company->call_acls.count; i++)
		add_name(validator, &names->acl, &model_acls(company)[i].name, "name", "the call ACL", false);
}

/* ---- codecs (R25) ---- */

/* `absent`: what it is without the key. */
static void check_codecs(struct validator *validator, const struct model_texts *texts, const char *absent)
{
	if (!texts->given || texts->refused)
		return;
	if (texts->count == 0)
		report(validator, texts->place, "codecs",
		       "is empty, so that no call could speak: name some, such as [PCMA], or remove the key for %s",
		       absent);
	uint64_t named = 0;
	for (uint32_t i = 0; i < texts->count; i++) {
		uint64_t one = codec_set_build_one(model_span(&texts->item[i]));
		if (named & one)
			report(validator, texts->item[i].place, "codecs", "'%s' is named twice", texts->item[i].text);
		named |= one;
	}
	if (texts->count > 0 && !(named & codec_set_audio))
		report(validator, texts->place, "codecs",
		       "has none for speech, so that no call could speak: add one, such as PCMA");
}

static void check_endpoint_codecs(struct validator *validator, const struct model_endpoint *endpoint)
{
	check_codecs(validator, &endpoint->codecs, "PCMA alone");
}

/* ---- one company ---- */

static void check_route(struct validator *validator, const struct company_names *names, const struct model_route *route)
{
	check_reference(validator, &names->user, &route->user, "user", "user");
	check_reference(validator, &names->extension, &route->extension, "extension", "extension");
}

static void check_users(struct validator *validator, const struct model_company *company,
			const struct company_names *names)
{
	for (uint32_t i = 0; i < company->users.count; i++) {
		const struct model_user *user = &model_users(company)[i];
		check_reference(validator, &names->extension, &user->extension, "extension", "extension");
		check_reference(validator, &names->ddi, &user->outgoing_ddi, "outgoing_ddi", "DDI");
		check_reference(validator, &names->acl, &user->endpoint.call_acl, "call_acl", "call ACL");
		check_endpoint_codecs(validator, &user->endpoint);
	}
}

static void check_forward(struct validator *validator, const struct model_forward *forward,
			  const struct company_names *names)
{
	check_reference(validator, &names->extension, &forward->to.extension, "extension", "extension");
	if (forward->after_s.given && forward->when.given && forward->when.value != FORWARD_NO_ANSWER)
		report(validator, forward->after_s.place, "after",
		       "is how long it rings before it counts as no answer: only with when: no_answer");
}

static void check_friend(struct validator *validator, const struct model_friend *friend,
			 const struct company_names *names)
{
	bool is_trusted = friend->auth.value == MODEL_AUTH_SOURCE;
	const char *name = friend->endpoint.name.text ? friend->endpoint.name.text : "?";
	if (friend->place.line == 0)
		return;
	if (!is_trusted && is_absent(&friend->endpoint.password))
		report(validator, friend->place, "password",
		       "is missing: friend '%s' needs it unless it has auth: source", name);
	if (is_trusted && is_absent(&friend->direct))
		report(validator, friend->auth.place, "auth",
		       "source is for direct friends only: friend '%s' has no `direct` address to compare with", name);
	if (friend->ruri_domain.text && is_absent(&friend->direct))
		report(validator, friend->ruri_domain.place, "ruri_domain",
		       "is for direct friends only: friend '%s' has no `direct` address", name);
	for (uint32_t i = 0; i < friend->forwards.count; i++)
		check_forward(validator, &model_forwards(friend)[i], names);
	check_reference(validator, &names->ddi, &friend->fallback_ddi, "fallback_ddi", "DDI");
	check_reference(validator, &names->acl, &friend->endpoint.call_acl, "call_acl", "call ACL");
	check_endpoint_codecs(validator, &friend->endpoint);
}

static void check_company(struct validator *validator, const struct model_company *company)
{
	struct company_names names = {0};
	collect_names(validator, company, &names);
	if (validator->failed)
		return;
	check_reference(validator, &names.ddi, &company->outgoing_ddi, "outgoing_ddi", "DDI");
	check_users(validator, company, &names);
	for (uint32_t i = 0; i < company->friends.count; i++)
		check_friend(validator, &model_friends(company)[i], &names);
	for (uint32_t i = 0; i < company->extensions.count; i++)
		check_route(validator, &names, &model_extensions(company)[i].route);
	for (uint32_t i = 0; i < company->ddis.count; i++)
		check_route(validator, &names, &model_ddis(company)[i].route);
}

/* ---- the whole ---- */

static void check_companies(struct validator *validator)
{
	const struct model *model = validator->model;
	struct name_table name = {0}, domain = {0};
	uint32_t count = model->companies.count;
	uint64_t ddi_count = 0;
	for (uint32_t i = 0; i < count; i++)
		ddi_count += model_companies(model)[i].ddis.count;
	make_table(validator, &name, count);
	make_table(validator, &domain, count);
	make_table(validator, &validator->ddi, ddi_count < UINT32_MAX ? (uint32_t)ddi_count : UINT32_MAX);
	for (uint32_t i = 0; i < count && !validator->failed; i++) {
		const struct model_company *company = &model_companies(model)[i];
		add_name(validator, &name, &company->name, "name", "the company name", false);
		add_name(validator, &domain, &company->domain, "domain", "the domain", true);
		check_company(validator, company);
	}
}

static void check_carriers(struct validator *validator)
{
	struct name_table name = {0};
	uint32_t count = validator->model->carriers.count;
	make_table(validator, &name, count);
	for (uint32_t i = 0; i < count && !validator->failed; i++) {
		const struct model_carrier *carrier = &model_carriers(validator->model)[i];
		add_name(validator, &name, &carrier->name, "name", "the carrier name", false);
		if (carrier->address.given && carrier->address.count == 0 && !carrier->address.refused)
			report(validator, carrier->address.place, "address",
			       "needs an address, such as [udp:192.0.2.1:5060]");
		check_codecs(validator, &carrier->codecs, "calls as they are offered");
	}
}

enum status model_validate(const struct model *model, struct span text, const char *file_name,
			   struct problem_list *problems)
{
	struct validator validator = {.model = model, .problems = problems, .file_name = file_name, .text = text};
	check_carriers(&validator);
	check_companies(&validator);
	arena_free(&validator.arena);
	if (validator.failed)
		return STATUS_NO_MEMORY;
	return problem_list_has_any(problems) ? STATUS_INVALID : STATUS_OK;
}

/* ---- one company among those that are there ---- */

static void check_domain(const struct validator *validator, const struct model_company *company,
			 const struct directory *live, uint32_t index)
{
	uint32_t other;
	if (company->domain.text &&
	    name_table_find(&other, &live->company_by_domain, model_span(&company->domain), true) && other != index)
		report(validator, company->domain.place, "domain",
		       "the domain '%s' is taken already, by company '" SPAN_FORMAT "'", company->domain.text,
		       SPAN_ARGUMENTS(live->company[other]->name));
}

static void check_ddis(const struct validator *validator, const struct model_company *company,
		       const struct directory *live, uint32_t index)
{
	for (uint32_t i = 0; i < company->ddis.count; i++) {
		const struct model_text *number = &model_ddis(company)[i].number;
		uint32_t place;
		if (!number->text || !name_table_find(&place, &live->ddi_by_number, model_span(number), false))
			continue;
		uint32_t other = live->ddi_owner[place].company;
		if (other != index)
			report(validator, number->place, "number",
			       "the DDI '%s' is taken already, by company '" SPAN_FORMAT "'", number->text,
			       SPAN_ARGUMENTS(live->company[other]->name));
	}
}

enum status model_validate_part(const struct model *part, const struct directory *live, uint32_t index,
				struct span text, const char *file_name, struct problem_list *problems)
{
	const struct validator validator = {.model = part, .problems = problems, .file_name = file_name, .text = text};
	enum status status = model_validate(part, text, file_name, problems);
	if (status == STATUS_NO_MEMORY || part->companies.count == 0)
		return status;
	check_domain(&validator, model_companies(part), live, index);
	check_ddis(&validator, model_companies(part), live, index);
	return problem_list_has_any(problems) ? STATUS_INVALID : STATUS_OK;
}
