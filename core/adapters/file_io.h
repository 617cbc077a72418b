// What POSIX files need more than one call for. Both are false with errno set when they fail.
#pragma once
#include <string>
#include <string_view>

namespace mg {

bool WriteAll(int fd, std::string_view bytes);  // at the descriptor's place

// A name that came or went survives a power cut only once its folder is written.
bool SyncFolder(const std::string& path);

}  // namespace mg
