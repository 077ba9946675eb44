// The process's log: one JSON object a line on stderr, written by a thread of its own so that a
// call never waits for the disk. Beyond kLogBytesPendingMax lines are dropped and counted, never
// queued. Thread-safe.
#ifndef MARGINALIA_SERVICES_PROCESS_LOG_H_
#define MARGINALIA_SERVICES_PROCESS_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace marginalia {

inline constexpr std::size_t kLogBytesPendingMax = 4 * 1024 * 1024;
// A reader of stderr that hangs must not keep the process from ending.
inline constexpr std::chrono::seconds kLogFlushMax{2};

enum class Severity { kInfo, kWarning, kError };

using LogValue = std::variant<std::string_view, std::int64_t, double, bool>;
using LogField = std::pair<std::string_view, LogValue>;

// Writes {"time":…,"severity":…,"process":…,"message":…, fields…}. Never put a token, a cookie or a
// comment body into it.
void Log(Severity severity, std::string_view message, std::initializer_list<LogField> fields = {});

// For the request log, which builds its own lines. Appends {"time":…,"severity":…,"process":…,
// "message":… without the closing brace.
void AppendLogHead(std::string& line, Severity severity, std::string_view message);

// Appends ,"name":"value". `name` is written as it is.
void AppendLogField(std::string& line, std::string_view name, std::string_view value);
void AppendLogField(std::string& line, std::string_view name, std::int64_t value);

// Queues one finished line without its newline.
void LogLine(std::string_view line);

// The name that each line carries as "process". Called once from main.
void NameProcess(std::string_view name);

// Blocks until all that was queued is written, or kLogFlushMax has passed. Runs by itself at exit.
void FlushLog();

// Lines dropped since the start.
std::int64_t LogLinesDropped();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_LOG_H_
