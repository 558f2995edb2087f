/* What people see of friends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_friends.h"
#include "cmocka_all.h"

/* `json` is written with ' for ". */
static void expect_shown(const char *json, const char *expected)
{
	char *text = NULL, *quoted = strdup(json);
	size_t length;

	assert_non_null(quoted);
	for (char *at = quoted; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_t *result = json_loads(quoted, 0, NULL);
	assert_non_null(result);
	FILE *out = open_memstream(&text, &length);
	cli_friends_show(out, result);
	fclose(out);
	assert_string_equal(text, expected);
	json_decref(result);
	free(quoted);
	free(text);
}

static void a_list_fits_a_terminal(void **state)
{
	(void)state;
	expect_shown("[]", "no friends\n");
	expect_shown(
		"[{'company':'acme','name':'hq','priority':10,'patterns':['^2','^3'],'direct':null,"
		"'registered_at':['192.0.2.7:5060','192.0.2.8:5060'],'call_acl':'national','description':'long',"
		"'codecs':['PCMA','G729','G722','GSM'],'max_calls':15,'max_cps':5,'forwards':[{'when':'busy','after_s':"
		"null,"
		"'calls':'both','extension':'102','number':null},{'when':'no_answer','after_s':20,'calls':'internal',"
		"'extension':null,'number':'+34600'}]},"
		"{'company':'acme','name':'b','priority':1,'patterns':[],'direct':'udp:192.0.2.9:5060',"
		"'registered_at':['192.0.2.7:5060'],'call_acl':null,'description':null,"
		"'codecs':['PCMA'],'max_calls':0,'max_cps':7,'forwards':[]},"
		"{'company':'acme','name':'c','priority':1,'patterns':['^4'],'direct':null,'registered_at':[],"
		"'call_acl':null,'description':null,'codecs':['PCMA'],'max_calls':0,'max_cps':0,'forwards':[]}]",
		"COMPANY  NAME  PRIO  PATTERNS  AT                              ACL       CODECS    LIMITS       "
		"  FORWARDS\n"
		"acme     hq      10  ^2, ^3    192.0.2.7:5060, 192.0.2.8:5060  national  PCMA, +3  15 calls, "
		"5/s  busy, no_answer\n"
		"acme     b        1  -         udp:192.0.2.9:5060              -         PCMA      7/s          "
		"  -\n"
		"acme     c        1  ^4        not registered                  -         PCMA      -            "
		"  -\n");
}

static void a_friend_that_registers_through_a_nat(void **state)
{
	(void)state;
	expect_shown(
		"{'company':'acme','domain':'acme.example.net','name':'hq','description':'Headquarters','priority':10,"
		"'auth':'digest','patterns':['^2[0-9]{3}$','^3'],'direct':null,'state':'registered','bindings':["
		"{'contact':'sip:s@10.0.0.5:5060','received':'198.51.100.20:1024','local':'198.51.100.1:5060',"
		"'behind_nat':true,'expires_s':590,'seen_s_ago':12,'pings_unanswered':0,'q':1.0,'path':null,"
		"'user_agent':'Asterisk\\u001b[2J'},"
		"{'contact':'sip:s@10.0.0.6','received':'198.51.100.21:1024','local':'198.51.100.1:5060',"
		"'behind_nat':false,'expires_s':60,'seen_s_ago':200,'pings_unanswered':3,'q':1.0,"
		"'path':'<sip:edge.example.net;lr>','user_agent':null}],"
		"'country':'ES','area_code':'94','examples':[{'e164':'+34944000001','dialled':'4000001'}],"
		"'fallback_ddi':null,'presented_ddi':'+34944000001','call_acl':'national','from_user':null,"
		"'from_domain':'acme.example.net','ruri_domain':null,'ddi_in':true,'always_transform':true,"
		"'multi_contact':true,'codecs':['PCMA'],'limits':{'max_calls':2,'calls_to_it':2,'calls_from_it':1,"
		"'max_cps':5},'forwards':[{'when':'busy','after_s':null,'calls':'both','extension':'102','number':null}"
		","
		"{'when':'no_answer','after_s':20,'calls':'internal','extension':null,'number':'+34600000000'}],"
		"'bans':[{'address':'203.0.113.9','remaining_s':50,'times':1}],"
		"'pbx':{'registers':true,'domain':'acme.example.net','proxies':['198.51.100.1:5060'],'transport':'udp',"
		"'user':'hq','auth_user':'hq','realm':'acme.example.net','password':'s3cret','called_at':null,"
		"'number_arrives_in':'Request-URI and To','calls_come_from':['198.51.100.1'],'codecs':['PCMA']}}",
		"friend hq of company acme (acme.example.net)\n"
		"  description       Headquarters\n"
		"  known by          user name hq and its password\n"
		"  takes numbers     ^2[0-9]{3}$\n"
		"                    ^3\n"
		"  priority          10 (of the friends that match, the least value is called)\n"
		"  may call outside  what call ACL national allows\n"
		"  shown outside     +34944000001, unless the caller is a DDI of the company\n"
		"  dials as in       ES, area code 94\n"
		"                    4000001 is +34944000001\n"
		"                    converted to +E.164 before anything is looked up (always_transform)\n"
		"\n"
		"how it is called\n"
		"  state             registered at 2 addresses\n"
		"  binding           sip:s@10.0.0.5:5060\n"
		"                    from 198.51.100.20:1024 (behind NAT: pinged there), at our 198.51.100.1:5060\n"
		"                    expires in 590 s; seen 12 s ago, the last ping was answered\n"
		"                    Asterisk?[2J\n"
		"  binding           sip:s@10.0.0.6\n"
		"                    from 198.51.100.21:1024, at our 198.51.100.1:5060\n"
		"                    expires in 60 s; seen 200 s ago\n"
		"                    3 pings in a row without an answer: it may be gone\n"
		"                    by way of <sip:edge.example.net;lr>\n"
		"  Request-URI, To   the number that was called\n"
		"  From              the caller's number at acme.example.net\n"
		"  codecs            PCMA\n"
		"  calls             2 to it, 1 from it now\n"
		"                    at most 2 to it at the same time: full\n"
		"                    at most 5 new ones from it in a second\n"
		"  forwards          busy: all calls go to extension 102\n"
		"                    no_answer after 20 s: internal calls go to +34600000000\n"
		"  banned            203.0.113.9 for 50 s more, after too many wrong passwords from there\n"
		"\n"
		"what to type into the PBX\n"
		"  registrar         acme.example.net\n"
		"  proxy             198.51.100.1:5060\n"
		"  transport         udp\n"
		"  user name         hq\n"
		"  auth user         hq\n"
		"  realm             acme.example.net\n"
		"  password          s3cret\n"
		"  number arrives in Request-URI and To\n"
		"  calls come from   198.51.100.1\n"
		"  codecs            PCMA\n"
		"\n"
		"Ready to paste: amityctl friends recipe hq --company 'acme' --for "
		"asterisk-sip|asterisk-pjsip|freeswitch|kamailio\n");
}

static void a_direct_friend_without_a_password(void **state)
{
	(void)state;
	expect_shown("{'company':'acme','domain':'acme.test','name':'b','description':null,'priority':1,"
		     "'auth':'source','patterns':[],'direct':'udp:192.0.2.9:5061','state':'direct','bindings':[],"
		     "'country':'ES','area_code':null,'examples':[],"
		     "'fallback_ddi':null,'presented_ddi':null,'call_acl':null,'from_user':'trunk01',"
		     "'from_domain':'hq.test','ruri_domain':'pbx.test','ddi_in':false,'always_transform':false,"
		     "'multi_contact':true,'codecs':['PCMA','G729'],'limits':{'max_calls':0,'calls_to_it':null,"
		     "'calls_from_it':null,'max_cps':0},'forwards':[],'bans':[],"
		     "'pbx':{'registers':false,'domain':'acme.test','proxies':[],'transport':'udp',"
		     "'user':'b','auth_user':null,'realm':null,'password':null,'called_at':'192.0.2.9:5061',"
		     "'number_arrives_in':'neither Request-URI nor To','calls_come_from':[],'codecs':['PCMA','G729']}}",
		     "friend b of company acme (acme.test)\n"
		     "  known by          its address 192.0.2.9:5061 (auth: source)\n"
		     "  takes numbers     none: it has no patterns\n"
		     "  priority          1 (of the friends that match, the least value is called)\n"
		     "  may call outside  everything\n"
		     "  shown outside     the caller, if it is a DDI of the company; else such calls are refused\n"
		     "  dials as in       ES\n"
		     "\n"
		     "how it is called\n"
		     "  state             called at udp:192.0.2.9:5061, registered or not\n"
		     "  Request-URI, To   its name, never the number (ddi_in: false); host pbx.test\n"
		     "  From              trunk01 at hq.test\n"
		     "  codecs            PCMA, G729\n"
		     "  calls             not known: an lcore did not answer\n"
		     "  forwards          none: the caller hears why a call to it fails\n"
		     "  banned            no address\n"
		     "\n"
		     "what to type into the PBX\n"
		     "  SIP domain        acme.test (it need not register)\n"
		     "  proxy             the router has no address now\n"
		     "  transport         udp\n"
		     "  user name         b\n"
		     "  password          none\n"
		     "  listen at         192.0.2.9:5061\n"
		     "  number arrives in neither Request-URI nor To\n"
		     "  calls come from   the router has no address now\n"
		     "  codecs            PCMA, G729\n"
		     "\n"
		     "Ready to paste: amityctl friends recipe b --company 'acme' --for "
		     "asterisk-sip|asterisk-pjsip|freeswitch|kamailio\n");
}

static void a_friend_that_is_not_there_by_the_socket_for_reading(void **state)
{
	(void)state;
	expect_shown(
		"{'company':'acme','domain':'acme.test','name':'c','description':null,'priority':1,"
		"'auth':'digest','patterns':['^4'],'direct':null,'state':'not registered','bindings':[],"
		"'country':'ES','area_code':null,'examples':[],"
		"'fallback_ddi':null,'presented_ddi':null,'call_acl':null,'from_user':null,"
		"'from_domain':'acme.test','ruri_domain':null,'ddi_in':true,'always_transform':false,"
		"'multi_contact':false,'codecs':['PCMA'],'limits':{'max_calls':0,'calls_to_it':0,"
		"'calls_from_it':0,'max_cps':0},'forwards':[],'bans':[],"
		"'pbx':{'registers':true,'domain':'acme.test','proxies':['192.0.2.1:5060','[2001:db8::1]:5060'],"
		"'transport':'udp','user':'c','auth_user':'c','realm':'acme.test','password':null,'called_at':null,"
		"'number_arrives_in':'Request-URI and To','calls_come_from':['192.0.2.1','[2001:db8::1]'],"
		"'codecs':['PCMA']}}",
		"friend c of company acme (acme.test)\n"
		"  known by          user name c and its password\n"
		"  takes numbers     ^4\n"
		"  priority          1 (of the friends that match, the least value is called)\n"
		"  may call outside  everything\n"
		"  shown outside     the caller, if it is a DDI of the company; else such calls are refused\n"
		"  dials as in       ES\n"
		"\n"
		"how it is called\n"
		"  state             not registered: it cannot be called\n"
		"  Request-URI, To   the number that was called\n"
		"  From              the caller's number at acme.test\n"
		"  codecs            PCMA\n"
		"  calls             0 to it, 0 from it now\n"
		"  forwards          none: the caller hears why a call to it fails\n"
		"  banned            no address\n"
		"\n"
		"what to type into the PBX\n"
		"  registrar         acme.test\n"
		"  proxy             192.0.2.1:5060\n"
		"                    [2001:db8::1]:5060\n"
		"  transport         udp\n"
		"  user name         c\n"
		"  auth user         c\n"
		"  realm             acme.test\n"
		"  password          shown on the main socket only\n"
		"  number arrives in Request-URI and To\n"
		"  calls come from   192.0.2.1\n"
		"                    [2001:db8::1]\n"
		"  codecs            PCMA\n"
		"\n"
		"Ready to paste: amityctl friends recipe c --company 'acme' --for "
		"asterisk-sip|asterisk-pjsip|freeswitch|kamailio\n");
}

static void a_recipe_is_its_text(void **state)
{
	(void)state;
	expect_shown("{'company':'acme','name':'c','text':'one\\ntwo\\n','files':[]}", "one\ntwo\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_fits_a_terminal),
		cmocka_unit_test(a_friend_that_registers_through_a_nat),
		cmocka_unit_test(a_direct_friend_without_a_password),
		cmocka_unit_test(a_friend_that_is_not_there_by_the_socket_for_reading),
		cmocka_unit_test(a_recipe_is_its_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
