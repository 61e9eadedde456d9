#include "mime/trackers.h"
#include "mime/internal.h"

#include <string.h>

/* Services that tell senders who read a mail. Where a service serves ordinary pictures from the
 * same host, path names what gives the tracking away; NULL: all of the host does. */
static const struct {
    const char *host; /* this one and all below it */
    const char *path; /* somewhere in path and query; or NULL */
    const char *name;
} known[] = {
    {"list-manage.com", "/track/open", "Mailchimp"},
    {"mandrillapp.com", "/track/open", "Mailchimp Transactional"},
    {"sendgrid.net", "/wf/open", "SendGrid"},
    {"sendgrid.net", "/open?", "SendGrid"},
    {"mailgun.org", "/o/", "Mailgun"},
    {"mailgun.net", "/o/", "Mailgun"},
    {"mjt.lu", "/oo/", "Mailjet"},
    {"mailjet.com", "/oo/", "Mailjet"},
    {"sendibt1.com", "/tr/op/", "Brevo"},
    {"sendibt2.com", "/tr/op/", "Brevo"},
    {"sendibt3.com", "/tr/op/", "Brevo"},
    {"sendibm1.com", "/mk/op/", "Brevo"},
    {"sendinblue.com", "/tr/op/", "Brevo"},
    {"brevo.com", "/tr/op/", "Brevo"},
    {"awstrack.me", NULL, "Amazon SES"},
    {"postmarkapp.com", "/o/", "Postmark"},
    {"pstmrk.it", NULL, "Postmark"},
    {"sparkpostmail.com", "/q/", "SparkPost"},
    {"spgo.io", NULL, "SparkPost"},
    {"hubspotemail.net", NULL, "HubSpot"},
    {"hubspotlinks.com", NULL, "HubSpot"},
    {"track.hubspot.com", NULL, "HubSpot"},
    {"hubspotfree.net", NULL, "HubSpot"},
    {"hs-analytics.net", NULL, "HubSpot"},
    {"t.sidekickopen.com", NULL, "HubSpot Sales"},
    {"t.signaux.com", NULL, "HubSpot Sales"},
    {"exct.net", "/open.aspx", "Salesforce Marketing Cloud"},
    {"exacttarget.com", "/open.aspx", "Salesforce Marketing Cloud"},
    {"salesforceiq.com", "/t.png", "SalesforceIQ"},
    {"pardot.com", "/r/", "Salesforce Pardot"},
    {"mktoresp.com", NULL, "Marketo"},
    {"mktomail.com", "/trk", "Marketo"},
    {"en25.com", "/EloquaImages/clients", "Oracle Eloqua"},
    {"eloqua.com", "/e/FooterImages", "Oracle Eloqua"},
    {"responsys.net", "/pub/as", "Oracle Responsys"},
    {"createsend.com", "/o.gif", "Campaign Monitor"},
    {"createsend1.com", "/t/", "Campaign Monitor"},
    {"cmail19.com", "/o.gif", "Campaign Monitor"},
    {"cmail20.com", "/o.gif", "Campaign Monitor"},
    {"constantcontact.com", "/on.jsp", "Constant Contact"},
    {"rs6.net", "/on.jsp", "Constant Contact"},
    {"klaviyomail.com", NULL, "Klaviyo"},
    {"trk.klclick.com", NULL, "Klaviyo"},
    {"activehosted.com", "/lt.php", "ActiveCampaign"},
    {"emltrk.com", NULL, "Litmus"},
    {"customeriomail.com", "/e/o", "Customer.io"},
    {"track.customer.io", NULL, "Customer.io"},
    {"via.intercom.io", NULL, "Intercom"},
    {"via.intercom-mail.com", NULL, "Intercom"},
    {"drip.com", "/o/", "Drip"},
    {"getdrip.com", "/o/", "Drip"},
    {"convertkit-mail.com", "/o/", "Kit"},
    {"convertkit-mail2.com", "/o/", "Kit"},
    {"mailerlite.com", "/o/", "MailerLite"},
    {"mlsend.com", "/o/", "MailerLite"},
    {"getresponse.com", "/open.html", "GetResponse"},
    {"gr8.com", "/open.html", "GetResponse"},
    {"aweber.com", "/o/", "AWeber"},
    {"openrate.aweber.com", NULL, "AWeber"},
    {"infusionsoft.com", "/app/emailOpened", "Keap"},
    {"mailtrack.io", NULL, "Mailtrack"},
    {"mailfoogae.appspot.com", NULL, "Streak"},
    {"yesware.com", NULL, "Yesware"},
    {"bananatag.com", NULL, "Staffbase Email"},
    {"bl-1.com", NULL, "Staffbase Email"},
    {"toutapp.com", NULL, "ToutApp"},
    {"outreach.io", "/open", "Outreach"},
    {"salesloft.com", "/email_trackers", "Salesloft"},
    {"mixmax.com", "/api/track", "Mixmax"},
    {"superhuman.com", "/~api/", "Superhuman"},
    {"boomeranggmail.com", "/ogt", "Boomerang"},
    {"cirrusinsight.com", NULL, "Cirrus Insight"},
    {"pixel.watch", NULL, "Gmelius"},
    {"gml.email", NULL, "Gmelius"},
    {"contactmonkey.com", "/api/v1/tracker", "ContactMonkey"},
    {"getnotify.com", NULL, "GetNotify"},
    {"readnotify.com", NULL, "ReadNotify"},
    {"didtheyreadit.com", NULL, "DidTheyReadIt"},
    {"whoreadme.com", NULL, "WhoReadMe"},
    {"google-analytics.com", NULL, "Google Analytics"},
    {"doubleclick.net", NULL, "Google Ads"},
    {"googleadservices.com", NULL, "Google Ads"},
    {"facebook.com", "/tr", "Meta Pixel"},
    {"facebook.com", "/email_open_log_pic.php", "Facebook"},
    {"linkedin.com", "/emimp/", "LinkedIn"},
    {"ads.linkedin.com", NULL, "LinkedIn"},
    {"twitter.com", "/scribe/ibis", "X"},
    {"amazon.com", "/gp/r.html", "Amazon"},
    {"amazonappservices.com", "/trk", "Amazon"},
    {"ebay.com", "/roveropen", "eBay"},
    {"apple.com", "/g/open", "Apple"},
    {"omtrdc.net", NULL, "Adobe Analytics"},
    {"2o7.net", NULL, "Adobe Analytics"},
    {"demdex.net", NULL, "Adobe Audience Manager"},
    {"neolane.net", "/r/", "Adobe Campaign"},
    {"scorecardresearch.com", NULL, "Comscore"},
    {"returnpath.net", NULL, "Validity"},
    {"liadm.com", NULL, "LiveIntent"},
    {"liveintent.com", NULL, "LiveIntent"},
    {"movableink.com", "/p/rp/", "Movable Ink"},
    {"sailthru.com", "/img/", "Sailthru"},
    {"sli.st", "/o/", "Sailthru"},
    {"iterable.com", "/a/", "Iterable"},
    {"braze.com", "/open", "Braze"},
    {"appboy.com", "/open", "Braze"},
    {"vero.co", "/emails/opened", "Vero"},
    {"getvero.com", "/emails/opened", "Vero"},
    {"mixpanel.com", "/track", "Mixpanel"},
    {"segment.io", "/v1/pixel", "Segment"},
    {"api.segment.io", NULL, "Segment"},
    {"emarsys.net", "/open", "Emarsys"},
    {"emsecure.net", "/optiext/", "Selligent"},
    {"slgnt.eu", "/optiext/", "Selligent"},
    {"emailvision.net", "/HO?", "Emailvision"},
    {"inxmail.com", "/d/d.pl", "Inxmail"},
    {"cleverreach.com", "/c/o/", "CleverReach"},
    {"crsend.com", "/c/o/", "CleverReach"},
    {"rapidmail.de", "/o/", "rapidmail"},
    {"emailsys1a.net", "/o/", "rapidmail"},
    {"episerver.net", "/op/", "Optimizely Campaign"},
    {"srv2.de", "/go/", "Optimizely Campaign"},
    {"unisender.com", "/ru/mail_read_tracker", "UniSender"},
    {"sendpulse.com", "/go/open", "SendPulse"},
    {"esputnik.com", "/repository/open", "eSputnik"},
    {"sendcloud.net", "/track/open", "SendCloud"},
    {"zohocampaigns.com", "/track", "Zoho Campaigns"},
    {"maillist-manage.com", "/clicks", "Zoho Campaigns"},
    {"freshemail.io", "/open", "Freshworks"},
    {"beehiiv.com", "/open", "beehiiv"},
    {"substack.com", "/o/", "Substack"},
    {"phplist.com", "/ut.php", "phpList"},
};

static bool is_below(const char *host, const char *suffix)
{
    size_t length = strlen(host), wanted = strlen(suffix);
    return length >= wanted && strcmp(host + length - wanted, suffix) == 0 &&
           (length == wanted || host[length - wanted - 1] == '.');
}

char *tracker_host(const char *url)
{
    const char *start = strstr(url, "://");
    if (start == NULL)
        return NULL;
    start += 3;
    size_t length = strcspn(start, "/?#");
    const char *at = g_strrstr_len(start, (gssize)length, "@");
    if (at != NULL) {
        length -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    size_t host = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/?#");
    return g_ascii_strdown(start, (gssize)MIN(MIN(host, length), TRACKER_HOST_MAX));
}

const char *tracker_service(const char *url, const char *host, bool *is_certain)
{
    const char *name = NULL, *start = strstr(url, "://");
    const char *path = start != NULL ? start + 3 + strcspn(start + 3, "/?#") : "";
    *is_certain = false;
    for (size_t i = 0; i < G_N_ELEMENTS(known) && !*is_certain; i++) {
        if (!is_below(host, known[i].host))
            continue;
        name = known[i].name;
        *is_certain = known[i].path == NULL || strstr(path, known[i].path) != NULL;
    }
    return name;
}
