/*
** sax FILE: how long RapidJSON needs for a pass over a text in memory with a handler that does
** nothing. Prints "seconds N". The bytes are passed over once before.
*/
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  std::stringstream whole;
  whole << file.rdbuf();
  const std::string text = whole.str();
  unsigned sum = 0;
  for (char c : text) sum += static_cast<unsigned char>(c);
  volatile unsigned kept = sum;
  (void)kept;
  const auto begin = std::chrono::steady_clock::now();
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::Reader reader;
  if (reader.Parse<rapidjson::kParseValidateEncodingFlag>(stream, nothing).IsError()) return 1;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("seconds %.6f\n", took.count());
  return 0;
}
