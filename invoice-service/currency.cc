#include "invoice-service/currency.h"

namespace marginalia {
namespace {

// ISO 4217, list one, as its maintenance agency (SIX) published it on 2024-06-25, with the two
// codes that amendments brought since: XCG and ZWG. What was withdrawn since stays, because there
// are invoices in it.
constexpr std::string_view kCodes =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF "
    "BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF "
    "CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB "
    "EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD "
    "KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK "
    "PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG "
    "XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XUA YER ZAR "
    "ZMW ZWG ";
constexpr std::size_t kCodeCharacters = 3;

}  // namespace

bool IsCurrency(std::string_view code) {
  // Without a space in it `code` is found as a whole or not at all.
  return code.size() == kCodeCharacters && code.find(' ') == code.npos &&
         kCodes.find(code) != kCodes.npos;
}

}  // namespace marginalia
