#pragma once
#include "Foundation.h"
#include "DeviceCheckOfApple.h"
